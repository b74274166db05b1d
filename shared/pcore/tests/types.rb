# Writes types.jsonl: what the reference says about types.
#
#   ruby -I /usr/lib/ruby/vendor_ruby types.rb > types.jsonl
#
# Types and values are Puppet source text. Rows of a matrix have one character (1: true, 0: false, -: the reference stumbles) for each
# type or value of the line `types` or `values` before. Needs the module stdlib for its type aliases.
require 'json'
require 'tmpdir'
require 'puppet'
require 'puppet_pal'

MODULES = ENV.fetch('STDLIB_MODULEPATH', '/usr/share/puppet/modules')

TYPE_ALIASES = {
  'T::Port' => 'Integer[0, 65535]',
  'T::Name' => 'String[1]',
  'T::Maybe' => 'Optional[T::Name]',
  'T::Tree' => 'Hash[String, Variant[Integer, T::Tree]]',
  'T::List' => 'Variant[Integer, Array[T::List]]',
  'T::Member' => "Struct[{'port' => T::Port, Optional['name'] => T::Name}]",
  'T::Block' => 'Callable[1, 1]',
}

CORE = %w[Any Array Binary Boolean Callable CatalogEntry Class Collection Data Default Deferred Enum Error Float Hash Init Integer
          Iterable Iterator NotUndef Numeric Object Optional Pattern Regexp Resource RichData RichDataKey Runtime Scalar ScalarData SemVer
          SemVerRange Sensitive String Struct Timespan Timestamp Tuple Type TypeAlias TypeReference TypeSet URI Undef Variant]

FORMS = CORE + [
  'Integer[1]', 'Integer[1, 2]', 'Integer[default, 2]', 'Integer[1, default]', 'Integer[default, default]', 'Integer[default]',
  'Integer[-3, 3]', 'Integer[4, 4]', 'Integer[[1, 2]]', 'Float[1]', 'Float[1.5, 2]', 'Float[default, 2.25]', 'Float[default, default]',
  'Float[1.0e20, 1.0e21]', 'Float[0.00001]', 'Float[1.5, 1.5]',
  'String[1]', 'String[0]', 'String[1, 2]', 'String[0, 0]', 'String[default, 2]', 'String[default, default]', 'String[0, default]',
  'String[Integer[1, 2]]', 'String[Integer]', 'String[-1]', 'String[-1, 3]', 'Boolean[true]', 'Boolean[false]',
  "Enum['a']", "Enum['b', 'a']", "Enum['a', 'a']", "Enum['B', 'a', true]", "Enum['B', 'a', false]", %q{Enum["it's"]}, %q{Enum["a\nb"]},
  %q{Enum['$x']}, %q{Enum['a\b']}, "Enum['']", "Enum[['a', 'b']]",
  "Enum['B', 'b', true]",
  'Pattern[/a/]', "Pattern['a']", 'Pattern[/a/, /b/]', 'Pattern[/a/, /a/]', 'Pattern[Regexp[/a/]]', 'Pattern[Pattern[/b/, /c/], /b/]',
  'Pattern[/a\/b/]', 'Pattern[/\A[^\s]+\z/]', "Pattern['a/b']", 'Pattern[Regexp]', "Pattern['']", 'Pattern[/(?i:a)/]',
  'Regexp[/a/]', "Regexp['a']", "Regexp['a/b']", 'Regexp[/a\/b/]', "Regexp['']",
  'Collection[1]', 'Collection[1, 2]', 'Collection[0]', 'Collection[default, 2]', 'Collection[Integer[1, 2]]', 'Collection[2, 2]',
  'Array[Integer]', 'Array[Any]', 'Array[Integer, 1]', 'Array[Integer, 1, 2]', 'Array[Integer, default, 2]', 'Array[Integer, 0]',
  'Array[Integer, 0, 0]', 'Array[0, 0]', 'Array[1, 2]', 'Array[Any, 1]', 'Array[Integer, Integer[1, 2]]', 'Array[Array[Integer]]',
  'Array[Integer, 0, default]', 'Array[Integer, default, default]', 'Array[Data]', 'Array[Any, 2, 2]', 'Array[Any, 0, 0]', 'Array[default, 2]',
  'Hash[String, Integer]', 'Hash[Any, Any]', 'Hash[String, Integer, 1]', 'Hash[String, Integer, 1, 2]', 'Hash[0, 0]', 'Hash[1, 2]',
  'Hash[String, Integer, 0, 0]', 'Hash[String, Integer, default, 2]', 'Hash[Any, Any, 1]', 'Hash[String, Any]', 'Hash[Any, Integer]',
  'Hash[String, Hash[String, Array[Integer[1]]]]', 'Hash[String, Integer, Integer[1, 2]]', 'Hash[Integer, default, 2]',
  'Tuple[Integer]', 'Tuple[Integer, String]', 'Tuple[Integer, 1]', 'Tuple[Integer, 0]', 'Tuple[Integer, 1, 3]', 'Tuple[Integer, String, 1, 2]',
  'Tuple[Integer, String, 0, default]', 'Tuple[Integer, default, 4]', 'Tuple[Integer, String, 2, 2]', 'Tuple[Integer, 1, 1]', 'Tuple[[Integer, String]]',
  'Tuple[Tuple[Integer], Array[String]]', 'Tuple[Integer, 2, default]', 'Tuple[Integer, String, 5]', "Tuple[Integer, 'default', 3]",
  "Struct[{'a' => Integer}]", 'Struct[{a => Integer, b => String}]', "Struct[{Optional['a'] => Integer}]", "Struct[{NotUndef['a'] => Integer}]",
  "Struct[{'a' => Optional[Integer]}]", "Struct[{NotUndef['a'] => Optional[Integer]}]", "Struct[{Optional['a'] => Optional[Integer]}]",
  "Struct[{Enum['a'] => Integer}]", "Struct[{'a' => Any}]", "Struct[{'a' => Undef}]", "Struct[{'a' => Struct[{'b' => Integer}]}]", 'Struct[{}]',
  "Struct[{'a b' => Integer}]", %q{Struct[{"it's" => Integer}]}, "Struct[{'a' => Variant[Undef, String]}]", "Struct[{'a' => Data}]",
  "Struct[{'a' => NotUndef}]", "Struct[{Optional[Enum['a']] => Integer}]",
  'Optional[Integer]', "Optional['a']", 'Optional[Optional[Integer]]', 'Optional[Any]', 'Optional[Undef]', 'Optional[NotUndef[Integer]]', "Optional['']",
  'NotUndef[Integer]', "NotUndef['a']", 'NotUndef[Any]', 'NotUndef[Optional[Integer]]', 'NotUndef[Undef]', 'NotUndef[NotUndef]',
  'Variant[Integer]', 'Variant[Integer, String]', 'Variant[Integer, Integer]', 'Variant[Integer, Variant[String, Integer]]', 'Variant[[Integer, String]]',
  "Variant[Enum['a'], Enum['b']]", 'Variant[Integer[1, 2], Integer[3, 4]]', 'Variant[Undef, Integer]', 'Variant[Variant[Integer], Variant[Integer, String]]',
  'Iterable[Integer]', 'Iterator[Integer]', 'Iterable[Iterable[String]]', 'Iterable[Any]', 'Iterator[Any]', 'Type[Integer]', 'Type[Any]', 'Type[Type[Type]]',
  'Type[Integer[1, 2]]', 'Sensitive[String]', 'Sensitive[Any]', 'Sensitive[String[1]]', 'Sensitive[Integer[1, 2]]', "Sensitive[Enum['a']]",
  'Callable[]', 'Callable[0, 0]', 'Callable[Integer]', 'Callable[Integer, String]', 'Callable[Integer, 0, 1]', 'Callable[1, 2]', 'Callable[1]', 'Callable[0]',
  'Callable[0, default]', 'Callable[default, 2]', 'Callable[Callable]', 'Callable[Integer, Callable]', 'Callable[Integer, Optional[Callable]]', 'Callable[0, 0, Callable]',
  'Callable[1, 1, Callable[2, 2]]', 'Callable[[Integer], String]', 'Callable[[], String]', 'Callable[[0, 0], String]', 'Callable[[Integer, 1, 2], Any]',
  'Callable[[Integer, Callable[String]], Array[Integer]]', 'Callable[Any]', 'Callable[Optional[Integer], 0, 1]', 'Callable[Undef]', 'Callable[[1, 2, Callable], String]',
  'Callable[Variant[Callable[1, 1], Callable[2, 2]]]', 'Callable[T::Block]', 'Callable[Integer, 2, 2]', 'Callable[Integer, String, 1, default]', 'Callable[[[]], String]',
  "Resource['file']", "Resource['file', '/a']", "File['/a']", 'File', "T::Bar['x']", 'Resource[File]', "Resource[File, 'x']", "Resource['t::bar']",
  "Class['a']", "Class['A::b']", "Class['::a']", 'T::Bar', %q{File["it's"]}, "Class['a', 'b']", "File['a', 'b']", "File[['a']]",
  "Resource['file', 'a', 'b']", "Class[['a']]", "FILE['x']",
  "Timestamp['2020-01-01']", "Timestamp['2020-01-01T10:11:12.5 UTC', '2021-01-01T00:00:00 UTC']", "Timestamp[default, '2020-01-01']", 'Timestamp[0]', 'Timestamp[1, 1]',
  'Timestamp[1.5]', 'Timestamp[default, default]', "Timespan['1-00:00:00']", "Timespan['0-01:00:00', '0-02:00:00']", 'Timespan[1]', 'Timespan[1, 3]',
  'Timespan[default, 3]', 'Timespan[{hours => 1}]', 'Timespan[-3, 3]', 'Timespan[2, 2]', 'Timespan[default, default]', 'Timespan[1, default]',
  "SemVer['>=1.0.0']", "SemVer['1.x']", "SemVer['>=1.0.0 <2.0.0']", "SemVer['1.0.0', '2.0.0']", "SemVer['~1.2']", 
  "URI['http://example.com/a']", "URI['http']", "URI[{'scheme' => 'http'}]", "URI[{scheme => 'https', host => 'x', port => 80}]", 'URI[{}]', "URI[{scheme => Enum['http', 'https']}]",
  "URI['http://u@example.com:8080/p?q=1#f']", "URI['mailto:a@b']",
  "Runtime['ruby', 'T::Bar']", "Error['a']", "Error['a', 'b']", 'Error[Enum[a]]', 'Init[Integer]', 'Init[Integer, 16]', "Init[Timestamp, '%Y', 'UTC']", 'Init[Array[Integer]]',
  "TypeReference['Foo[1]']", "TypeReference[Foo]", 'T::Port', 'T::Tree', 'T::Maybe', 'Array[T::Port]', 'Optional[T::Maybe]', 'Variant[T::Port, T::Name]', 'T::Member', "Struct[{'a' => T::Maybe}]",
  "Array[Variant[Integer, Enum['x', 'y']], 1]", 'Hash[Pattern[/a/], Tuple[Integer, 0, 2]]', 'Optional[Array[Struct[{a => Callable[[Integer], String]}]]]',
].uniq

ERRORS = [
  "Integer['a']", 'Integer[1, 2, 3]', 'Integer[2, 1]', 'Integer[1.5]', 'Integer[undef]', 'Integer[1, String]', 'Integer[true]', 'Integer[/a/]', 'Integer[{}]', 'Integer[[]]',
  "Float['a']", 'Float[1, 2, 3]', 'Float[2, 1]', 'Float[true]', 'Float[1.0e30, 1]',
  "String['a']", 'String[1, 2, 3]', 'String[2, 1]', 'String[Integer, 1]', 'String[String]', 'String[1.5]', 'String[[]]',
  'Boolean[1]', 'Boolean[true, false]', "Boolean['true']", 'Boolean[Integer]', 'Enum[1]', 'Enum[true]', "Enum['a', 1]", "Enum['a', true, 'b']", 'Enum[Integer]', 'Enum[undef]',
  'Enum[default]', 'Pattern[1]', "Pattern['a', 2]", 'Pattern[Integer]', "Pattern['(']", 'Pattern[undef]', 'Pattern[Type]', 'Regexp[1]', 'Regexp[/a/, /b/]', "Regexp['(']", 'Regexp[Integer]',
  "Collection['a']", 'Collection[1, 2, 3]', 'Collection[2, 1]', 'Collection[String]', 'Array[1, 2, 3, 4]', 'Array[1]', "Array['a']", 'Array[Integer, 1, 2, 3]', "Array[Integer, 'a']",
  'Array[Integer, 2, 1]', 'Array[1, 2, 3]', 'Array[Integer, String]', 'Array[Integer, String, 1]', "Array['a', 'b']", 'Array[undef]', 'Array[default]', 'Array[Integer, 1.5]', 'Array[true]',
  'Array[1, Integer]', 'Array[{}]', "Array[Integer, undef]",
  'Hash[Integer]', 'Hash[1]', "Hash['a', 'b']", 'Hash[Integer, 1]', 'Hash[1, Integer]', 'Hash[Integer, Integer, 1, 2, 3]', "Hash[Integer, Integer, 'a']", 'Hash[Integer, Integer, 2, 1]', 'Hash[2, 1]',
  'Hash[1, 2, 3]', 'Hash[String, Integer, String]', 'Hash[Integer, 1, 2, 3, 4]', 'Hash[default, default]', 'Hash[true]', 'Hash[1, default]',
  'Tuple[1]', 'Tuple[1, 2]', "Tuple['a']", 'Tuple[Integer, 1, 2, 3]', 'Tuple[Integer, 2, 1]', "Tuple[Integer, 'a']", 'Tuple[Integer, undef]', 'Tuple[Integer, 1, String]', 'Tuple[undef]', 'Tuple[1.5, Integer]',
  'Tuple[Integer, -1]', 'Tuple[default]',
  "Struct['a']", "Struct[{'' => Integer}]", "Struct[{'a' => 1}]", 'Struct[{1 => Integer}]', 'Struct[{Integer => Integer}]', "Struct[{Enum['a', 'b'] => Integer}]", 'Struct[{}, {}]', 'Struct[1]',
  'Struct[{Optional[Integer] => Integer}]', 'Struct[{NotUndef[Integer] => Integer}]', 'Struct[{String => Integer}]', 'Struct[{String[1] => Integer}]', 'Struct[Integer]', 'Struct[{Optional => Integer}]',
  'Struct[{NotUndef => Integer}]', "Struct[{Pattern[/a/] => Integer}]", "Struct[{'a' => undef}]", 'Struct[{undef => Integer}]', "Struct[{true => Integer}]", "Struct[{'a' => 'b'}]", "Struct[[{a => Integer}]]",
  'Optional[1]', 'Optional[Integer, String]', 'Optional[undef]', 'Optional[true]', 'Optional[{}]', 'NotUndef[1]', 'NotUndef[Integer, String]', 'NotUndef[undef]', 'NotUndef[/a/]', 'NotUndef[{}]',
  'Variant[1]', "Variant['a']", 'Variant[Integer, 1]', 'Variant[undef]', 'Variant[Integer, {}]', 'Type[1]', 'Type[Integer, String]', "Type['a']", 'Sensitive[1]', 'Sensitive[Integer, String]',
  'Iterable[1]', 'Iterable[Integer, String]', 'Iterator[1]', "Iterator['a', 'b']", "Callable['a']", "Callable[Integer, 'a']", "Callable[[Integer], 'a']", 'Callable[[Integer], String, String]',
  'Callable[2, 1]', 'Callable[Integer, 2, 1]', 'Callable[{}]', 'Callable[[Integer]]', 'Callable[Integer, [String]]', 'Callable[undef]', 'Callable[1, Integer]', 'Callable[Callable, Integer, 1.5]', 'Callable[1, 2, 3]',
  'Resource[1]', 'Resource[Integer]', "Resource['not a name']", "Resource['file', 1]", 'File[1]', 'File[undef]', 'File[Integer]', "File['']", 'Resource[undef]', "Resource['']", "Resource['file', undef]", 'Resource[[]]',
  'Class[1]', "Class['not a name']", 'Class[undef]', 'Class[Integer]', "Class['']", "Class['a::']", 'Class[[]]', 'Class[{}]', 'Class[/a/]', "Resource[{}]", 'File[1.5]', 'File[{}]', 'File[default]', 'Class[default]', 'Class[true]',
  "Timestamp['x']", 'Timestamp[1, 2, 3]', 'Timestamp[2, 1]', 'Timestamp[true]', 'Timestamp[Integer]', "Timespan['x']", 'Timespan[1, 2, 3]', 'Timespan[2, 1]', 'Timespan[true]', 'Timestamp[undef]', 'Timespan[undef]',
  'Timespan[Integer]',
  'SemVer[1]', "SemVer['x']", 'SemVer[Integer]', 'SemVer[undef]', 'URI[1]', "URI['']", "URI['a', 'b']", "URI[{foo => 1}]", "URI['http://[']", 'URI[Integer]', 'URI[{port => x}]',
  "Runtime['ruby']", "Runtime[1, 'a']", "Runtime['a', 'b', 'c']", 'Runtime[1]', 'Init[1]', "Init['a']", 'Any[1]', 'Undef[1]', 'Scalar[1]', 'Numeric[1]', 'Data[1]', 'Default[1]', 'ScalarData[Integer]', 'CatalogEntry[1]',
  'Binary[1]', 'SemVerRange[1]', 'RichData[1]', 'Integer[1][2]', 'Array[Integer][1]', 'T::Port[1]', 'T::Tree[1]', 'TypeReference[1]', 'Deferred[1]', "T::Name['x']", "Error[1]", "Error['a', 'b', 'c']", 'RichDataKey[1]',
  "TypeReference['a', 'b']", 'Object[1]', 'TypeSet[1]', 'TypeAlias[1]',
].uniq

VALUES = [
  'undef', 'default', 'true', 'false', '0', '1', '-3', '42', '70000', '1.5', '0.0', '-2.5', "''", "'a'", "'abc'", "'A'", "'10'", "'present'", '/a/', '/a.*b/',
  '[]', '[1]', '[1, 2]', "['a']", "[1, 'a']", '[undef]', '[1, undef]', '[[1], [2]]', '[1, 1.5]', '[[]]', '[/a/]', '[default]', '[1, [2, [3]]]', "['a', 'b', 'c']",
  '{}', '{a => 1}', '{a => 1, b => 2}', "{a => 'x', b => 2}", '{1 => 2}', "{'' => 1}", '{a => undef}', '{port => 80}', "{port => 80, name => 'x'}", '{a => {b => 1}}', '{a => [1]}', '{[1] => 2}',
  'Integer', 'Integer[1, 3]', 'String', "Enum['a', 'b']", 'Any', 'Type', 'Type[Integer]', "File['/a']", 'File', "Class['a']", 'T::Port', 'Callable[1, 1]', "[File['/a'], File['/b']]",
  "'0x1f'", "'12'", '[12, 16]', "['1f', 16]", '{from => 1}', "'true'", "['x', 2]", "'1.0.0'", '[1, 2, 3, 4]', "Sensitive('a')", 'Sensitive(1)', "Timespan('1-00:00:00')", "Timestamp('2020-01-01T00:00:00 UTC')", "SemVer('1.2.3')", "SemVerRange('>=1.0.0')", "URI('http://example.com/a')", "Binary('YQ==')",
]

MORE_VALUES = [
  '[true, false]', '[1, true]', "['a', true]", "[1, 'a', undef]", "[1, default]", '[/a/, 1]', "[1, /a/, 'x', true]", '[Integer, String]', '[Integer[1, 2], Integer[5, 9]]', '[Integer, Float]', "['a', 'abc']",
  "[{a => 1}, {b => 2}]", "[{a => 1}, {a => 'x'}]", '[[1], []]', "[[1], ['a']]", '[{}, {a => 1}]', "{a => 1, 2 => 'b'}", "{a => undef, b => 1}", '{undef => 1}', '{default => 1}', '{1 => 2, 3 => 4}', '{1.5 => true}',
  '[undef, undef]', "[Class['a'], Class['b']]", "[File['a'], Exec['b']]", "[File['a'], Class['b']]", '[-1, 5, 3]', '[1.5, 2.5]', '[1, [1]]', "['a', ['b', 1]]", "[[1, 2], [3, 4], [5, 6]]", "{a => [1, 'x'], b => {c => undef}}",
  "[Sensitive('a'), 1]", "[Timespan(1), Timespan(3)]", "[SemVer('1.0.0'), SemVer('2.0.0')]", "[Binary('YQ=='), 'a']", "Sensitive([1, 'a'])", "[URI('http://a'), URI('http://b')]", "[Optional[Integer], Undef]",
  "[Type[Integer], Type[String]]", "{a => Sensitive('x')}", "[Enum['a'], Enum['b']]", "['b', 'a', 'b']", '[[], {}]', "[Timestamp(1), Timestamp(2)]", '[1, 2, 3.5]',
]

MATRIX = CORE + [
  'Integer[1, 3]', 'Integer[0]', 'Float[1.0, 2.0]', 'String[1]', 'String[1, 3]', 'Boolean[true]', "Enum['a', 'b']", "Enum['a', true]", "Enum['a']", 'Pattern[/a/]', 'Pattern[/\Aa\z/]', 'Regexp[/a/]', 'Collection[1, 2]',
  'Array[Integer]', 'Array[String, 1]', 'Array[Integer, 0, 0]', 'Array[Data]', 'Array[Integer, 1, 1]', 'Hash[String, Integer]', 'Hash[String, Any, 1, 1]', 'Hash[0, 0]', 'Hash[String, Data]', 'Tuple[Integer]', 'Tuple[Integer, String]',
  'Tuple[Integer, 0, 3]', 'Tuple[Any, 0]', "Struct[{'a' => Integer}]", "Struct[{Optional['a'] => Integer}]", "Struct[{'a' => Optional[Integer]}]", "Struct[{NotUndef['a'] => Any}]", 'T::Member',
  'Optional[Integer]', 'Optional[Any]', "Optional['a']", 'NotUndef[Integer]', 'NotUndef[Any]', 'NotUndef[Optional[String]]', 'Variant[Integer, String]', 'Variant[Undef, Integer]', "Variant[Enum['a'], Integer[1, 3]]",
  'Iterable[Integer]', 'Iterable[String]', 'Iterable[Any]', 'Iterable[Tuple[String, Integer]]', 'Iterator[Integer]', 'Callable[Integer]', 'Callable[1, 1]', 'Callable[0, 0]', 'Callable[Any]', 'Callable[Integer, Callable]', 'Callable[Integer, Optional[Callable]]',
  'Callable[[Integer], String]', 'Callable[[], String]', 'Callable[String, 0, 2]', 'Type[Integer]', 'Type[Integer[1, 3]]', 'Type[Type]', "Type[Enum['a', 'b']]", 'Type[Resource]', 'Type[CatalogEntry]', 'Sensitive[String]', 'Sensitive[Any]',
  'File', "File['/a']", "Resource['exec']", "Class['a']", "Class['b']", "Timestamp['2019-01-01', '2021-01-01']", "Timespan[0, 86400]", "SemVer['>=1.0.0']", "SemVer['1.x']", "URI['http://example.com/a']", "URI[{scheme => 'http'}]",
  "Runtime['ruby', 'A']", 'Init[Integer]', 'Init[String]', 'T::Port', 'T::Name', 'T::Maybe', 'T::Tree', 'T::List', 'T::Block', 'Data', "Error['a']", 'Collection[2]',
  'Init[T::Port]', 'Init[Integer, 16]', 'Init[Timespan]', 'Init[Boolean]', 'Init[Hash]', 'Init[Array]', 'Init[SemVer]', 'Init[Array[Integer]]', 'Init[Sensitive]', 'Init[Binary]', 'Variant[Array[Integer], Hash]',
  'Struct[{port => Any}]', 'Tuple[String, Integer, 1, 2]', 'Array[Variant[Integer, String], 0, 2]', "Hash[Enum['a', 'b'], Integer]", 'Hash[Pattern[/a/], Any, 1]', 'Callable[Integer, 0, 2]', 'Callable[2, 2]',
  'Optional[Callable]', 'Type[Optional[Integer]]', 'Type[T::Port]', 'Iterable[Integer[1, 3]]', 'Type[Integer[0]]', 'Callable[1, 1, Callable[1, 1]]', 'Callable[[0, 0], Integer]', 'Variant[Optional[String], Sensitive]',
  "Variant[NotUndef[String], Undef]", 'NotUndef[Variant[Undef, Integer]]', 'Struct[{a => Integer, Optional[b] => String}]', 'Array[Optional[Integer]]', 'Hash[String, Optional[Integer]]', 'Type[Data]', 'Type[Any]',
].uniq - %w[TypeAlias TypeReference]

# Six values for each alias of stdlib, besides those that its name suggests.
ALIAS_VALUES = ["'/etc/passwd'", "'http://example.com/x'", "'0644'", '80', "'host.example.com'", "'10.1.2.3'", "'C:/x'", "'00:11:22:33:44:55'", "'present'", "'fe80::1'", "'YWJj'", "'10 MB'", 'undef', "{'a' => {'b' => 1}}", '[]',
                "'puppet:///modules/a/b'", "'10.0.0.0/8'", "'a@example.com'", 'true', "'yes'", "'1.5'"]

def stripped(message)
  message.sub(/\A(Evaluation Error: )?(Error while evaluating a '\[\]' expression, )?/, '').sub(/ \((file: [^)]*, )?line: \d+(, column: \d+)?\)( on node .*)?\z/, '')
end

def outcome
  { expected: yield }
rescue StandardError, ScriptError => e
  { error: stripped(e.message) }
end

def attempt(otherwise = nil)
  yield
rescue StandardError
  otherwise
end

def row(columns)
  columns.map { |column| attempt('-') { yield(column) ? '1' : '0' } }.join
end

# Where the reference itself stumbles, or the case is none of types.
STUMBLES = /undefined (local|method)|comparison of|Resource type not found|Syntax error|expects a match for Pattern\[/

def form(source, text)
  result = outcome { (found = source.(text)).is_a?(Array) ? found.map(&:to_s).join('; ') : found.to_s }
  return warn("left out: #{text}: #{result[:error].lines.first}") if result[:error]&.match?(STUMBLES)
  puts({ call: 'form', source: text }.merge(result).to_json)
end

# The name of each alias that a file of the module defines.
def alias_names
  Dir.glob("#{MODULES}/stdlib/types/**/*.pp").sort.filter_map { |file| File.read(file)[/^type\s+([A-Z][\w:]*)/, 1] }
end

def definition(name)
  Puppet::Pops::Types::TypeFormatter.singleton.string(name.resolved_type)
end

# Aliases that an alias uses come first.
def in_order(types, name, done)
  return if done.include?(name)
  text = definition(types.fetch(name))
  done << name
  text.scan(/Stdlib::[\w:]+/).uniq.each { |used| done.include?(used) || in_order(types, used, done) }
  done.push(done.delete(name))
end

def record(compiler)
  types = Puppet::Pops::Types
  calculator = types::TypeCalculator.singleton
  source = ->(text) { compiler.evaluate_string(text) }
  emit = ->(line) { puts line.to_json }

  (FORMS + ERRORS).uniq.each { |text| form(source, text) }
  FORMS.each do |text|
    next unless (type = attempt { source.(text) }).is_a?(types::PAnyType)
    %i[generalize normalize].each do |method|
      shown = attempt { type.public_send(method).to_s }
      emit.({ call: method, source: text, expected: shown }) if shown
    end
  end
  (VALUES + MORE_VALUES).each do |text|
    value = source.(text)
    emit.({ call: 'infer', source: text, detailed: calculator.infer_set(value).to_s, reduced: calculator.infer(value).to_s, generalized: calculator.infer(value).generalize.to_s })
  end
  given = MATRIX.map { |text| source.(text) }
  emit.({ call: 'types', types: MATRIX })
  MATRIX.each do |text|
    emit.({ call: 'assignable', source: text, row: row(MATRIX) { |other| source.("#{text} <= #{other}") } })
  end
  MATRIX.each_with_index do |text, index|
    picked = (0...MATRIX.size).select { |at| (at * 7 + index) % 13 == 0 }
    common = picked.to_h { |at| [MATRIX[at], attempt { calculator.common_type(given[index], given[at]).to_s }] }
    emit.({ call: 'common', source: text, with: common.compact })
  end
  emit.({ call: 'values', values: VALUES })
  MATRIX.each do |text|
    emit.({ call: 'instance', source: text, row: row(VALUES) { |value| source.("#{value} =~ #{text}") } })
  end
  stdlib = alias_names.to_h { |name| [name, source.(name)] }
  order = []
  stdlib.each_key { |name| in_order(stdlib, name, order) }
  emit.({ call: 'values', values: ALIAS_VALUES })
  order.each do |name|
    emit.({ call: 'alias', name: name, definition: definition(stdlib.fetch(name)) })
    emit.({ call: 'instance', source: name, row: row(ALIAS_VALUES) { |value| source.("#{value} =~ #{name}") } })
  end
end

Dir.mktmpdir do |dir|
  Dir.mkdir("#{dir}/t")
  Dir.mkdir("#{dir}/t/types")
  TYPE_ALIASES.each { |name, text| File.write("#{dir}/t/types/#{name.split('::').last.downcase}.pp", "type #{name} = #{text}\n") }
  Dir.mkdir("#{dir}/t/manifests")
  File.write("#{dir}/t/manifests/bar.pp", "define t::bar {}\n")
  Puppet.initialize_settings(['--confdir', dir, '--vardir', dir, '--certname', 'golden', '--log_level', 'err', '--strict', 'error', '--strict_variables'])
  puts({ aliases: TYPE_ALIASES }.to_json)
  Puppet::Pal.in_tmp_environment('golden', modulepath: [dir, MODULES], facts: {}) do |pal|
    pal.with_catalog_compiler { |compiler| record(compiler) }
  end
end
