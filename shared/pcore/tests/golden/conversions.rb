# Records what the reference makes of operators, conversions, formats and sprintf:
#   ruby conversions.rb > conversions.jsonl
# Each line: {"op": .., "args": [..], "result": ..} or {"op": .., "args": [..], "error": ".."}.
# Values beyond JSON are tagged: {"t": type name, "p": parameters}, {"r": regexp}, {"h": [[k, v], ..]}, ..
require 'json'
require 'base64'
require 'puppet'
require 'puppet/pops'

Puppet.initialize_settings(['--strict=error', '--strict_variables'])
Puppet[:strict] = :off # numeric strings are coerced without a finding
env = Puppet::Node::Environment.create(:production, [])
NODE = Puppet::Node.new('golden.example', environment: env)
COMPILER = Puppet::Parser::Compiler.new(NODE)
SCOPE = COMPILER.topscope
CONTEXT = { current_environment: env, loaders: Puppet::Pops::Loaders.new(env) }
PARSER = Puppet::Pops::Parser::EvaluatingParser.new
M = Puppet::Pops::Model
T = Puppet::Pops::Types
Time_ = Puppet::Pops::Time

def encode_expr(e)
  case e
  when M::Program then encode_expr(e.body)
  when M::Factory then encode_expr(e.model)
  when M::BlockExpression then encode_expr(e.statements[0])
  when M::QualifiedReference then { t: e.cased_value, p: [] }
  when M::AccessExpression then { t: e.left_expr.cased_value, p: e.keys.map { |k| encode_expr(k) } }
  when M::LiteralList then { a: e.values.map { |v| encode_expr(v) } }
  when M::LiteralHash then { h: e.entries.map { |p| [encode_expr(p.key), encode_expr(p.value)] } }
  else encode(PARSER.evaluate(SCOPE, e))
  end
end

def encode(v)
  case v
  when nil, true, false, String, Integer then v.is_a?(String) && !v.valid_encoding? ? raise('bytes') : v
  when Float then { f: v.to_s }
  when :default then { d: true }
  when Array then { a: v.map { |x| encode(x) } }
  when Hash then { h: v.map { |k, x| [encode(k), encode(x)] } }
  when Regexp then { r: T::PRegexpType.regexp_to_s(v) }
  when T::PSensitiveType::Sensitive then { sensitive: encode(v.unwrap) }
  when T::PBinaryType::Binary then { binary: v.binary_buffer.bytes }
  when SemanticPuppet::Version then { semver: v.to_s }
  when SemanticPuppet::VersionRange then { range: v.to_s }
  when Time_::Timespan then { timespan: v.nsecs }
  when Time_::Timestamp then { timestamp: v.nsecs }
  when URI then { uri: v.to_s }
  when T::PAnyType then { type: v.to_s }
  when T::Iterator then { a: v.to_a.map { |x| encode(x) } }
  else { program: T::StringConverter.convert(v, '%p') }
  end
end

OPS = {
  'add' => '+', 'subtract' => '-', 'multiply' => '*', 'divide' => '/', 'modulo' => '%', 'append' => '<<', 'shift_right' => '>>',
  'equals' => '==', 'less' => '<', 'match' => '=~', 'in' => 'in'
}.freeze

def source(op, args)
  case op
  when 'negate' then "- (#{args[0]})"
  when 'new' then "new(#{args.join(', ')})"
  when 'string' then "String.new(#{args.join(', ')})"
  when 'display' then "\"${#{'('}#{args[0]})}\""
  when 'sprintf' then "sprintf(#{args.join(', ')})"
  when 'option' then "#{args[0]} ? { #{args[1]} => true, default => false }"
  else "(#{args[0]}) #{OPS.fetch(op)} (#{args[1]})"
  end
end

def record(op, args)
  line = { op: op, source: source(op, args) }
  line[:args] = args.map { |a| encode_expr(PARSER.parse_string(a)) }
  begin
    value = PARSER.evaluate_string(SCOPE, line[:source])
    line[:result] = encode(value)
  rescue Puppet::Error, StandardError => e
    line[:error] = e.message.sub(/ \((file: [^)]*|line: [^)]*)\)\z/, '').sub(/\AEvaluation Error: /, '').sub(/\AError while evaluating a [^,]*, /, '')
  end
  puts JSON.generate(line)
end

Puppet.override(CONTEXT) do
  File.foreach(File.join(__dir__, 'conversions.txt'), chomp: true) do |text|
    next if text.empty? || text.start_with?('#')
    op, *args = text.split("\t")
    begin
      record(op, args)
    rescue Puppet::Error, StandardError => e
      warn "#{text}: #{e.message}"
    end
  end
end
