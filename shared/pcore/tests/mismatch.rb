# Writes mismatch.jsonl: what the reference says about values that do not fit.
#
#   ruby -I /usr/lib/ruby/vendor_ruby mismatch.rb > mismatch.jsonl
#
# Types and values are Puppet source text. The first line holds the aliases the cases use, in order.
require 'json'
require 'ostruct'
require 'tmpdir'
require 'puppet'
require 'puppet_pal'

TYPE_ALIASES = {
  'M::Port' => 'Integer[0, 65535]',
  'M::Ensure' => "Enum['present', 'absent']",
  'M::Mode' => 'Pattern[/\A[0-7]{4}\z/]',
  'M::Maybe' => 'Optional[String[1]]',
  'M::Either' => 'Variant[Integer, Boolean]',
  'M::Mixed' => 'Variant[Integer, Array[String]]',
  'M::Options' => "Struct[{'port' => M::Port, Optional['mode'] => M::Mode}]",
  'M::Tree' => 'Hash[String, Variant[Integer, M::Tree]]',
  'M::Again' => 'M::Port',
}

def value(subject, type, value)
  { call: 'value', subject: subject, type: type, value: value }
end

def type(subject, type, actual)
  { call: 'type', subject: subject, type: type, actual: actual }
end

def parameters(subject, parameters, given, missing_ok: false)
  { call: 'parameters', subject: subject, parameters: parameters, given: given, missing_ok: missing_ok }
end

def default(subject, name, type, value)
  { call: 'default', subject: subject, name: name, type: type, value: value }
end

def signatures(name, signatures, args, block = nil)
  { call: 'signatures', name: name, signatures: signatures, args: args, block: block }
end

def sig(callable, names = [], block_name = nil)
  { callable: callable, names: names, block_name: block_name }
end

VALUE_CASES = [
  # Kinds of types against values
  ['Integer', "'a'"], ['Integer', 'undef'], ['Integer', '1.5'], ['Integer', 'default'], ['Integer', '[1]'],
  ['Integer', '{}'], ['Integer', '{a => 1}'], ['Integer', '/a/'], ['Integer', 'Integer'],
  ['Integer[1, 3]', '4'], ['Integer[1]', '0'], ['Integer[default, 3]', '4'], ['Integer[2, 2]', '3'], ['Integer[1, 3]', "'4'"],
  ['Float', '1'], ['Float[1.0, 2.5]', '3.5'], ['Numeric', "'1'"], ['String', '1'], ['String', 'true'], ['String', 'undef'],
  ['String[3]', "'ab'"], ['String[1, 2]', "'abc'"], ['String[1]', "''"], ['String[1]', '1'], ['String[2, 2]', "'a'"],
  ['Boolean', "'true'"], ['Boolean', '0'], ['Boolean[true]', 'false'], ['Undef', '1'], ['Undef', "'x'"], ['Default', '1'], ['Any', '1'],
  ['Scalar', '[1]'], ['ScalarData', 'undef'], ['Data', '/a/'], ['Data', '[1, /a/]'], ['Data', '{a => default}'],
  ['Data', '{a => {b => [1, /x/]}}'], ['RichData', '1'], ['Collection', "'a'"], ['Collection[2]', '[1]'], ['Collection[1, 2]', '[1, 2, 3]'],
  ['Regexp', "'a'"], ['Regexp[/a/]', '/b/'], ['Type', '1'], ['Type[String]', 'Integer'], ['Type[Integer]', "'x'"],
  ['CatalogEntry', '1'], ['Resource', "'a'"], ['Class', '1'], ["Class['a']", "Class['b']"], ["Type[Class['a']]", "Class['b']"],
  ['NotUndef', 'undef'], ['NotUndef[Integer]', 'undef'], ['NotUndef[Integer]', "'a'"], ["NotUndef['a']", "'b'"],
  ['Optional[Integer]', "'a'"], ['Optional[String[1]]', "''"], ["Optional['a']", "'b'"], ['Optional[Array[Integer]]', "['a']"],
  ['Optional[Variant[Integer, Boolean]]', "'a'"], ["Optional[Enum['a', 'b']]", "'c'"], ["Optional[Enum['a', 'b']]", '1'],
  ['Sensitive', '1'], ['Sensitive[String]', "'a'"], ['Optional[Sensitive[String]]', '1'], ['Timestamp', '1'], ['Timespan', "'1s'"],
  ['SemVer', "'1.0.0'"], ['Binary', "'a'"], ['URI', "'http://x'"], ['Iterable', '1.0'], ['Iterable[String]', '[1]'], ['Iterator', '[1]'],
  ['Callable', '1'], ['Callable[String]', '1'], ["Runtime['ruby', 'X']", '1'], ['Init[Integer]', '[[]]'],
  # Enum and Pattern
  ["Enum['a', 'b']", "'c'"], ["Enum['a', 'b']", '1'], ["Enum['a', 'b']", 'undef'], ["Enum['a', 'b', true]", "'c'"], ["Enum['a']", '[]'],
  ['Pattern[/\Aa/]', "'b'"], ['Pattern[/\Aa/, /b$/]', "'c'"], ['Pattern[/a/]', '1'], ['Pattern[/a/]', '{x => 1}'],
  ['Enum', '1'], ['Pattern', '1'],
  # Arrays
  ['Array', '1'], ['Array[Integer]', "'a'"], ['Array[Integer]', "[1, 'a']"], ['Array[Integer]', "['a', 'b']"], ['Array[Integer, 3]', '[1]'],
  ['Array[Integer, 3, 3]', '[1, 2]'], ['Array[Integer, 1, 2]', '[1, 2, 3]'], ['Array[Integer, 0, 2]', '[1, 2, 3]'], ['Array[Integer, 0, 0]', '[1]'],
  ['Array[Integer, 1]', '[]'], ['Array[String[1]]', "['a', '']"], ['Array[Array[Integer]]', "[[1], ['a']]"],
  ["Array[Enum['a', 'b']]", "['a', 'c']"], ['Array[Variant[Integer, String]]', '[1, true]'], ['Array[Optional[Integer]]', "[undef, 'a']"],
  # Hashes
  ['Hash', '1'], ['Hash', '[1]'], ['Hash[String, Integer]', "{a => 'x'}"], ['Hash[String, Integer]', '{1 => 2}'], ['Hash[String, Integer]', '{1 => x}'],
  ['Hash[Integer, Integer]', '{a => 1}'], ['Hash[Integer, String]', '{a => 1}'], ['Hash[String, Integer, 2]', '{a => 1}'],
  ['Hash[String, Integer, 1, 1]', '{a => 1, b => 2}'], ['Hash[String, Integer, 1]', '{}'], ['Hash[String[2], Integer]', '{a => 1}'],
  ['Hash[String, Hash[String, Integer]]', "{a => {b => 'x'}}"], ['Hash[Integer, Integer, 3]', '{1 => 2}'], ["Hash[Enum['a'], Integer]", "{b => 1}"],
  # Struct
  ["Struct[{'a' => Integer}]", '{}'], ["Struct[{'a' => Integer}]", "{a => 'x'}"], ["Struct[{'a' => Integer}]", '{b => 1}'],
  ["Struct[{'a' => Integer}]", '{a => 1, b => 2, c => 3}'], ["Struct[{'a' => Integer, 'b' => String}]", '{c => 1}'],
  ["Struct[{Optional['a'] => Integer}]", "{a => undef}"], ["Struct[{Optional['a'] => Integer}]", "{a => 'x', b => 1}"],
  ["Struct[{NotUndef['a'] => Optional[Integer]}]", '{b => 1}'], ["Struct[{'a' => Optional[Integer]}]", '{b => 1}'],
  ["Struct[{'a' => Integer}]", '1'], ["Struct[{'a' => Integer}]", '{1 => 2}'], ["Struct[{'a' => Integer}]", '{1 => 2, 3 => 4}'],
  ["Struct[{'a' => Struct[{'b' => Integer}]}]", "{a => {b => 'x'}}"], ["Struct[{'a' => Array[Integer]}]", "{a => [1, 'x']}"],
  ["Array[Struct[{'a' => Integer}]]", "[{a => 1}, {}]"],
  # Tuple
  ['Tuple[Integer, String]', '[1]'], ['Tuple[Integer, String]', '[1, 2]'], ['Tuple[Integer, String]', "['a', 2]"], ['Tuple[Integer, String]', '1'],
  ['Tuple[Integer, 1, 3]', "[1, 'a']"], ['Tuple[Integer, 2, 3]', '[1]'], ['Tuple[Integer, String, 1]', '[]'], ['Tuple[Integer, String, 1]', "[1, 'a', 2]"],
  # Variants
  ['Variant[Integer, Boolean]', "'a'"], ['Variant[Integer, Boolean, Float]', "'a'"], ['Variant[Integer[1, 2], Integer[8, 9]]', '5'],
  ["Variant[Enum['a'], Enum['b']]", "'c'"], ["Variant[Enum['a'], Integer]", "'c'"], ["Variant[Integer, Enum['a']]", "'c'"],
  ["Variant[Integer, Pattern[/a/]]", '[1]'], ['Variant[Integer, Array[Integer]]', "['a']"], ['Variant[Array[Integer], Array[Boolean]]', "['a']"],
  ['Variant[Array[Integer, 1, 2], Array[Integer, 5, 6]]', '[1, 2, 3]'], ['Variant[Array[Integer], Hash[String, Integer]]', "{a => 'x'}"],
  ["Variant[Struct[{'a' => Integer}], Struct[{'b' => Integer}]]", '{c => 1}'], ['Variant[String[1], Array[String[1]]]', "''"],
  ['Variant[Undef, Integer]', "'a'"], ['Variant[Undef, Integer, Boolean]', "'a'"], ['Variant[Boolean, Enum["a", "b"]]', '1'],
  ['Variant[String[1], Integer[0]]', '-1'], ["Variant[Hash[String, Integer], Struct[{'a' => Integer}]]", '{a => x}'],
  ['Variant[Array[Variant[Integer, Boolean]], Integer]', "[1, 'a']"],
  # Aliases
  ['M::Port', "'a'"], ['M::Port', '70000'], ['M::Again', '70000'], ['M::Ensure', "'running'"], ['M::Ensure', '1'], ['M::Mode', "'644'"],
  ['M::Maybe', '1'], ['M::Maybe', "''"], ['M::Either', "'a'"], ['M::Mixed', '[1]'], ['M::Mixed', "'a'"], ['M::Options', '{}'],
  ['M::Options', "{port => 'x', mode => '7', other => 1}"], ['M::Tree', "{a => {b => 'x'}}"], ['M::Tree', '1'], ['Array[M::Port]', "[1, 'a']"],
  ['Optional[M::Port]', "'a'"], ['Optional[M::Ensure]', "'x'"], ['Variant[M::Port, M::Ensure]', "'a'"], ['Optional[M::Either]', "'a'"],
  ['Hash[String, M::Options]', "{a => {port => 1, mode => 'x'}}"],
  # Duplicates that the reference leaves in
  ['Variant[Tuple[Integer, Integer], Array[Integer]]', "['a', 'b']"], ['Variant[Array[Integer], Tuple[Integer]]', "['a']"],
  ["Variant[Struct[{'a' => Integer}], Struct[{'a' => String}]]", '{c => 1, a => true}'], ['Array[Variant[Array[Integer, 1], Tuple[Integer]]]', '[[], [1]]'],
  # Deep
  ["Struct[{'a' => Array[Struct[{'b' => Variant[Integer, Array[M::Ensure]]}]]}]", "{a => [{b => ['x']}, {b => 'y'}]}"],
  ['Hash[String, Variant[Array[Integer], Hash[String, Integer]]]', "{a => ['x'], b => {c => 'd'}}"],
  ['Type[Variant[Integer, String]]', 'Boolean'], ['Optional[Type[Integer]]', 'String'], ['Optional[NotUndef[Integer]]', "'a'"],
  ['Optional[Any]', '1'], ['Variant', '1'], ['Struct', '{a => 1}'], ['Tuple', "'a'"], ['Optional', '1'], ['Optional[Tuple[Integer, String]]', '[1]'],
  ["Optional[Struct[{'a' => Integer}]]", '{}'], ["Array[Pattern[/a/]]", "['b', 'a', 1]"], ['Hash[Pattern[/a/], Integer]', '{b => 1}'],
  ['Variant[Float, Integer, String, Boolean]', '[]'], ['Variant[Integer, Undef]', "{a => 1}"], ["Variant[Enum['a'], Pattern[/b/]]", "'c'"],
  ["Variant[Pattern[/a/], Enum['b'], Undef]", "'c'"], ['Variant[M::Mode, Integer]', "'x'"], ['Array[M::Options, 1]', '[]'], ['M::Options', '[]'],
  ['M::Tree', "{a => 'x', b => {c => {d => 'y'}}}"], ['Variant[M::Maybe, Integer]', '1.5'],
]

TYPE_CASES = [
  ['Integer', 'Integer'], ['Array[Integer]', 'Array[String]'], ['Array[Integer, 2]', 'Array[Integer]'], ['Array[Integer, 2]', 'Array[Integer, 1, 5]'],
  ['Hash[String, Integer]', 'Hash[String, String]'], ["Struct[{'a' => Integer}]", 'Hash[String, Integer]'],
  ["Struct[{'a' => Integer}]", 'Hash[String, String, 1, 1]'], ['Tuple[Integer, Integer]', 'Array[String, 2, 2]'], ['Tuple[Integer]', 'Array[Integer]'],
  ['Tuple[Integer, String]', 'Tuple[String, Integer]'], ['Callable[Integer]', 'Callable[String]'], ['Callable[Integer]', 'Callable[Integer, Integer]'],
  ['Callable[0, 0]', 'Callable[Integer]'], ['Callable[[Integer], String]', 'Callable[[Integer], Integer]'], ['Callable[Integer]', 'String'],
  ['Callable[Integer]', 'Callable[Integer, Callable[String]]'], ['Callable[Integer, 1, 2]', 'Callable[Integer]'], ['Callable', 'Integer'],
  ['String', 'Enum[a, b]'], ['Integer', 'Enum[a, b]'], ['Integer', 'Variant[Integer, String]'], ['Integer', 'Optional[Integer]'], ['Enum[a]', 'String'],
  ['Integer', 'M::Ensure'], ['M::Ensure', 'M::Port'], ['Integer', 'Array[Integer]'], ['Integer', 'NotUndef'], ['Integer', 'Type[Integer]'],
  ['String', 'Sensitive[Integer]'], ['String', 'Optional[Integer[1]]'], ['Variant[Integer, String]', 'Variant[Boolean, Float]'],
]

ALL_CASES =
  VALUE_CASES.map { |expected, text| value('the value', expected, text) } +
  TYPE_CASES.map { |expected, actual| type('assert_type():', expected, actual) } +
  [
    value('The merge options has wrong type,', "Struct[{'strategy' => Enum['deep', 'first'], Optional['knockout_prefix'] => String}]", "{strategy => 'x', k => 1}"),
    value("Function f's return value", 'Array[Integer]', "['a']"),
    value(' spaced ', 'Integer', "'a'"),
    parameters('Class[Foo]', [['x', 'Integer', false]], "{x => 'a'}"),
    parameters('Class[Foo]', [['x', 'Integer', false], ['y', 'String', false]], "{x => 'a', y => 1}"),
    parameters('Class[Foo]', [['x', 'Integer', false]], '{}'),
    parameters('Class[Foo]', [['x', 'Integer', false]], '{}', missing_ok: true),
    parameters('Class[Foo]', [['x', 'Integer', true]], '{}'),
    parameters('Class[Foo]', [['x', 'Integer', true]], '{x => undef}'),
    parameters('Class[Foo]', [['x', nil, false]], '{x => 1}'),
    parameters('Foo[bar]', [['x', 'Integer', false]], '{z => 1, x => 1}'),
    parameters('Foo[bar]', [['x', 'Integer', false], ['y', nil, false]], "{z => 1, w => 2, x => 'a'}"),
    parameters('Class[Foo]', [['o', 'M::Options', false]], "{o => {port => 'a', q => 1}}"),
    parameters('Class[Foo]', [['o', "Variant[Enum['a'], Array[Integer]]", false]], "{o => ['x']}"),
    parameters('Class[Foo]', [['ensure', 'M::Ensure', true], ['port', 'Optional[M::Port]', true]], "{ensure => 'x', port => 'y'}"),
    parameters('lambda', [['x', 'String', false]], '{x => 1}'),
    default('Class[Foo]', 'x', 'Integer', "'a'"),
    default('Class[Foo]', 'x', 'Array[Integer]', "[1, 'a']"),
    default('Class[Foo]', 'x', "Struct[{'a' => Integer}]", '{b => 1, c => 2}'),
    default('Class[Foo]', 'x', 'Integer', '1'),
    default('Class[Foo]', 'x', 'String[3]', "'a'"),
    signatures('f', [sig('Callable[Integer]', ['x'])], "['a']"),
    signatures('f', [sig('Callable[Integer]', ['x'])], '[]'),
    signatures('f', [sig('Callable[Integer]', ['x'])], '[1, 2]'),
    signatures('f', [sig('Callable[0, 0]', [])], '[1]'),
    signatures('f', [sig('Callable[Integer, 1]', ['x'])], '[]'),
    signatures('f', [sig('Callable[Integer, 0, 1]', ['x'])], '[1, 2]'),
    signatures('f', [sig('Callable[Integer, Integer, 1, 2]', %w[x y])], '[1, 2, 3]'),
    signatures('f', [sig('Callable[Integer, String, 2]', %w[x y])], '[1]'),
    signatures('f', [sig('Callable[Integer, String, 2]', %w[x y])], "[1, 'a', 2]"),
    signatures('f', [sig("Callable[Struct[{'a' => Integer, 'b' => Integer}]]", ['h'])], "[{c => 1}]"),
    signatures('f', [sig("Callable[Struct[{'a' => Integer, 'b' => Integer}], Optional[String], 1, 2]", %w[h s])], "[{c => 1}]"),
    signatures('f', [sig('Callable[Integer]', ['x']), sig('Callable[String, Integer]', %w[s x])], '[true]'),
    signatures('f', [sig('Callable[Integer]', ['x']), sig('Callable[Boolean]', ['x'])], "['a']"),
    signatures('f', [sig('Callable[Integer]', ['x']), sig('Callable[Boolean]', ['b'])], "['a']"),
    signatures('f', [sig('Callable[Integer]', ['x']), sig('Callable[Boolean, Integer]', %w[x y])], '[]'),
    signatures('f', [sig('Callable[Integer]', ['x']), sig('Callable[0, 0]', [])], "['a']"),
    signatures('f', [sig('Callable[Integer]', ['x'])], '[1]', 'Callable[1, 1]'),
    signatures('f', [sig('Callable[Integer, Callable]', ['x'], 'block')], '[1]'),
    signatures('f', [sig('Callable[Integer, Callable[1, 1]]', ['x'], 'block')], '[1]', 'Callable[Any, Any]'),
    signatures('f', [sig('Callable[Integer, Callable[1, 1]]', ['x'], 'block')], '[1]', 'Callable[0, 0]'),
    signatures('f', [sig('Callable[Integer, Callable[String]]', ['x'], 'block')], '[1]', 'Callable[Integer]'),
    signatures('f', [sig('Callable[Integer, Optional[Callable[1, 1]]]', ['x'], 'block')], '[1]', 'Callable[Any, Any]'),
    signatures('f', [sig('Callable[Integer, Optional[Callable[1, 1]]]', ['x'], 'block')], "['a']", 'Callable[Any]'),
    signatures('f', [sig('Callable[Integer, Callable[1, 1]]', ['x'], 'block'), sig('Callable[String, Callable[2, 2]]', ['s'], 'block')], '[1]'),
    signatures('f', [sig('Callable[Integer, Callable[1, 1]]', ['x'], 'block'), sig('Callable[String, Callable[2, 2]]', ['s'], 'block')], '[1]', 'Callable[Any, Any, Any]'),
    signatures('f', [sig('Callable[Integer]', ['x']), sig('Callable[String, Optional[Callable[2, 2]]]', ['s'], 'block')], '[true]', 'Callable[Any]'),
    signatures('f', [sig('Callable[Integer]', ['x']), sig('Callable[String]', ['s'])], "['a']", 'Callable[Any]'),
    signatures('each', [sig('Callable[Hash[Any, Any], Callable[2, 2]]', ['hash'], 'block'), sig('Callable[Iterable, Callable[1, 1]]', ['e'], 'block')], '[1.5]', 'Callable[Any]'),
    signatures('with', [sig('Callable[Any, 0, default, Callable]', ['arg'], 'block')], '[1]'),
    signatures('lambda', [sig('Callable[Integer, String]', %w[a b])], "[1, 2]"),
    signatures('lambda', [sig('Callable[Integer, String]', %w[a b])], '[1]'),
    signatures('f', [sig('Callable[M::Port, Optional[M::Ensure], Integer, 1]', %w[p e n]), sig("Callable[Variant[Integer, Enum['a']]]", ['v'])], "['b']"),
    signatures('f', [sig('Callable[1, 1]', ['x']), sig('Callable[2, 2]', %w[x y])], '[1]', 'Callable[Any]'),
    signatures('f', [sig('Callable[1, 1, Callable]', ['x'], 'b'), sig('Callable[1, 2, Callable]', %w[x y], 'b')], '[1]'),
    signatures('f', [sig('Callable[Integer, Integer]', %w[x y]), sig('Callable[Integer, String]', %w[x y])], '[1, true]'),
    signatures('f', [sig("Callable[Enum['a']]", ['x']), sig("Callable[Enum['b']]", ['x']), sig('Callable[Integer, 1]', ['n'])], "['c']"),
    signatures('f', [sig('Callable[Array[Integer, 1, 2]]', ['x']), sig('Callable[Array[Integer, 4, 5]]', ['x'])], '[[1, 2, 3]]'),
    signatures('f', [sig('Callable[String, Integer, 1, 2]', []), sig('Callable[Array[Integer]]', [])], '[true]'),
    signatures('f', [sig('Callable[String[1], Optional[Integer], Optional[Integer], 1, 3]', %w[a b c]), sig('Callable[Hash]', ['h'])], "['', 'x']"),
  ]

def describe(compiler, kase)
  source = ->(text) { text && compiler.evaluate_string(text) }
  types = Puppet::Pops::Types
  describer = types::TypeMismatchDescriber.singleton
  calculator = types::TypeCalculator.singleton
  factory = types::TypeFactory
  case kase[:call]
  when 'value'
    describer.describe_mismatch(kase[:subject], source.(kase[:type]), calculator.infer_set(source.(kase[:value])))
  when 'type'
    describer.describe_mismatch(kase[:subject], source.(kase[:type]), source.(kase[:actual]))
  when 'parameters'
    members = kase[:parameters].to_h do |name, type, optional|
      key = factory.string(name)
      [optional ? factory.optional(key) : key, type ? source.(type) : types::PAnyType::DEFAULT]
    end
    message_of { describer.validate_parameters(kase[:subject], factory.struct(members), source.(kase[:given]), kase[:missing_ok]) }
  when 'default'
    message_of { describer.validate_default_parameter(kase[:subject], kase[:name], source.(kase[:type]), source.(kase[:value])) }
  when 'signatures'
    given = kase[:signatures].map do |signature|
      callable = source.(signature[:callable])
      OpenStruct.new(type: callable, block_type: callable.block_type, parameter_names: signature[:names], block_name: signature[:block_name])
    end
    args = source.(kase[:args])
    block = source.(kase[:block])
    tuple = block ? types::PTupleType.new(args.map { |arg| calculator.infer_set(arg) } + [block]) : calculator.infer_set(args)
    describer.describe_signatures(kase[:name], given, tuple)
  end
end

def message_of
  yield
  nil
rescue Puppet::ParseError => e
  e.message
end

Dir.mktmpdir do |dir|
  Dir.mkdir("#{dir}/m")
  Dir.mkdir("#{dir}/m/types")
  TYPE_ALIASES.each { |name, text| File.write("#{dir}/m/types/#{name.split('::').last.downcase}.pp", "type #{name} = #{text}\n") }
  Puppet.initialize_settings(['--confdir', dir, '--vardir', dir, '--certname', 'golden', '--log_level', 'err'])
  puts({ aliases: TYPE_ALIASES }.to_json)
  Puppet::Pal.in_tmp_environment('golden', modulepath: [dir], facts: {}) do |pal|
    pal.with_script_compiler do |compiler|
      ALL_CASES.each do |kase|
        begin
          puts kase.merge(expected: describe(compiler, kase)).to_json
        rescue StandardError => e
          warn "left out, as the reference fails itself: #{kase.to_json}: #{e.class} #{e.message}"
        end
      end
    end
  end
end
