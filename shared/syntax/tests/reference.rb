# Asks the reference about source files, many in one process.
#
# Reads one JSON object a line: {"path": ..., "text": ..., "epp": bool, "tasks": bool, "strict": "error",
# "name": the path that the reference is told}. A name under /modules is a file of a module.
# Without "text" the file at "path" is read. Writes one JSON object a line:
#   {"pn": ..., "positions": [...], "diagnostics": [...]} where the program parses,
#   {"diagnostics": [...]} with the one error where it does not.
# A diagnostic is {"severity", "code", "message", "line", "column"}; warnings of the lexer come first.
require 'json'
require 'puppet'
require 'puppet/pops'
require 'puppet/pops/pn'

# The dump of 7.23 fails on parameters that capture the rest: it calls this method, which nobody wrote.
def (Puppet::Pops::PN).Literal(value)
  Puppet::Pops::PN::Literal.new(value)
end

Puppet.initialize_settings(['--confdir', '/nonexistent', '--vardir', '/nonexistent'])
environment = Puppet::Node::Environment.create(:production, ['/modules'], Puppet::Node::Environment::NO_MANIFEST)
loaders = Puppet::Pops::Loaders.new(environment)
Puppet.push_context({ current_environment: environment, loaders: loaders }, 'syntax tests')

LOGGED = []
Puppet::Util::Log.newdesttype(:collected) do
  define_method(:handle) { |message| LOGGED << message }
end
Puppet::Util::Log.close_all
Puppet::Util::Log.newdestination(:collected)

def located(severity, code, message, line, column)
  { severity: severity, code: code.to_s, message: message, line: line, column: column }
end

def found(diagnostic)
  at = diagnostic.source_pos
  located(diagnostic.severity, diagnostic.issue.issue_code, diagnostic.issue.format(diagnostic.arguments), at&.line, at&.pos)
end

def warnings
  LOGGED.select { |log| log.level == :warning }.map { |log| located(:warning, log.issue_code, log.message, log.line, log.pos) }
end

# What has a node of its own in our tree too.
LOCATED = %w[
  LiteralUndef LiteralDefault LiteralBoolean LiteralInteger LiteralFloat LiteralString LiteralRegularExpression QualifiedName
  QualifiedReference VariableExpression ReservedWord LiteralList LiteralHash NotExpression UnaryMinusExpression UnfoldExpression
  ParenthesizedExpression ArithmeticExpression ComparisonExpression MatchExpression InExpression AndExpression OrExpression
  AssignmentExpression RelationshipExpression AccessExpression SelectorExpression IfExpression UnlessExpression CaseExpression
  CallNamedFunctionExpression CallMethodExpression BlockExpression ResourceExpression ResourceDefaultsExpression
  ResourceOverrideExpression CollectExpression HostClassDefinition ResourceTypeDefinition NodeDefinition FunctionDefinition
  PlanDefinition TypeAlias TypeMapping TypeDefinition ApplyExpression RenderStringExpression RenderExpression HeredocExpression
  ConcatenatedString
].to_h { |name| [name, true] }.freeze

# The byte offsets that the model reports, as ["LiteralString", 12], sorted.
def positions(model)
  found = []
  path = []
  model._pcore_all_contents(path) do |node|
    name = node.class.name.split('::').last
    parent = path.last
    folded = parent.is_a?(Puppet::Pops::Model::VariableExpression) || parent.is_a?(Puppet::Pops::Model::NamedAccessExpression) && parent.right_expr.equal?(node) || parent.is_a?(Puppet::Pops::Model::ConcatenatedString)
    found << [name, node.offset] if LOCATED[name] && !folded
  end
  found.sort
end

def ask(request)
  LOGGED.clear
  Puppet[:tasks] = request['tasks'] || false
  Puppet[:strict] = (request['strict'] || 'error').to_sym
  text = request['text'] || File.read(request['path'], encoding: 'utf-8')
  path = request['name'] || ''
  parser = request['epp'] ? Puppet::Pops::Parser::EppParser.new : Puppet::Pops::Parser::Parser.new
  begin
    model = parser.parse_string(text, path).model
  rescue Puppet::ParseError => e
    code = e.respond_to?(:issue_code) ? e.issue_code : ''
    message = e.respond_to?(:basic_message) ? e.basic_message : e.message.sub(/ \((file|line): .*\)\z/, '')
    return { diagnostics: warnings + [located(:error, code, message, e.line, e.pos)] }
  rescue StandardError, SystemStackError => e
    return { crash: "#{e.class}: #{e.message}" }
  end
  places = positions(model)
  acceptor = Puppet::Pops::Validation::Acceptor.new
  pn = begin
    Puppet::Pops::Model::PNTransformer.transform(model).to_s
  rescue StandardError, SystemStackError => e
    nil
  end
  begin
    Puppet::Pops::Validation::ValidatorFactory_4_0.new.validator(acceptor).validate(model)
  rescue Puppet::ParseError => e
    # The checkers of heredoc syntax raise instead of collecting.
    code = e.respond_to?(:issue_code) ? e.issue_code : ''
    message = e.respond_to?(:basic_message) ? e.basic_message : e.message
    return { pn: pn, positions: places, diagnostics: warnings + acceptor.errors_and_warnings.map { |d| found(d) } + [located(:error, code, message, e.line, e.pos)] }
  rescue StandardError, SystemStackError => e
    return { pn: pn, crash: "#{e.class}: #{e.message}" }
  end
  { pn: pn, positions: places, diagnostics: warnings + acceptor.errors_and_warnings.map { |d| found(d) } }
end

$stdout.sync = false
$stdin.each_line do |line|
  puts JSON.generate(ask(JSON.parse(line)))
end
