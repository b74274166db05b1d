# Records what the reference makes of versions, times, URIs and rich data: ruby tests/scalars.rb > tests/scalars.jsonl
# A line is {"kind", "input", "output" or "error"}.
require 'puppet'
require 'json'
require 'tmpdir'
include Puppet::Pops

def record(kind, *input)
  line = { 'kind' => kind, 'input' => input }
  begin
    line['output'] = yield(*input)
  rescue StandardError => e
    line['error'] = e.message
  end
  puts JSON.generate(line)
end

dir = Dir.mktmpdir
Puppet.initialize_settings(['--confdir', dir, '--vardir', dir])
Version = SemanticPuppet::Version
VersionRange = SemanticPuppet::VersionRange

%w[1.2.3 1.2.3-a.1+b 1.0.0-0 1.0.0-01 1.0.0-0a 01.0.0 1.2 1.2.3.4 v1.2.3 1.2.3- 1.2.3+ 1.2.3-a..b 1.2.3-a+b+c 10.20.30 1.2.3-x-y+z-1 x 1.x.0].push('', "1.2.3\n", ' 1.2.3').each do |text|
  record('version', text) { |t| Version.parse(t).to_s }
end

ordered = %w[1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0 1.0.0+b 1.0.1 1.1.0 2.0.0 10.0.0]
ordered.product(ordered).each { |a, b| record('compare', a, b) { |x, y| Version.parse(x) <=> Version.parse(y) } }

ranges = ['1.2.3', '=1.2.3', '>1.2.3', '>=1.2.3', '<1.2.3', '<=1.2.3', '~1.2.3', '~1.2', '~1', '^1.2.3', '^0.2.3', '^0.0.3', '1.x', '1.2.x', '*', 'x', '', ' ',
  '>=1.0.0 <2.0.0', '>= 1.0.0 < 2.0.0', '1.0.0 - 2.0.0', '1.0 - 2.0', '1.x || 3.x', '>1.0.0 || <0.5.0', '>=1.0.0-alpha', '1.0.0-alpha', '~1.2.3-beta', '>1', '>=1', '<1', '<=1', '>1.2', '<=1.2',
  '>=1.2.3 <=1.2.3', '>2.0.0 <1.0.0', '1', '1.2', '1.2.3+build', 'garbage', '>=', '1.0.0 -2.0.0', '>=1.0.0, <2.0.0', '^1', '^1.2', '^0', '~0', '~>1.2', '<0.0.0', '>=0.0.0', '=1.x', '>1.x', 'v1.2.3', '>=v1.0.0',
  '1.x.x', 'X', '1.*', '<1.0.0-beta', '>=1.0.0-alpha <1.0.0', '||', '1.0.0||2.0.0', '>x', '<x', ' 1.x', '1.x ', '1.x ||', '|| 1.x', '1.x || 1.5.x']
versions = %w[0.0.0 0.0.3 0.2.3 0.2.9 0.3.0 0.5.0 0.9.9 1.0.0-alpha 1.0.0-beta 1.0.0 1.0.5 1.1.0 1.2.0 1.2.2 1.2.3-beta 1.2.3 1.2.4 1.3.0 1.9.9 2.0.0-rc1 2.0.0 2.0.1 2.5.0 3.0.0 3.9.0 4.0.0]
ranges.each do |text|
  record('range', text) do |t|
    range = VersionRange.parse(t)
    [range.to_s, versions.select { |v| range.include?(Version.parse(v)) }]
  end
end

def inside(env)
  Puppet.override(current_environment: env, loaders: Puppet::Pops::Loaders.new(env)) { yield }
end
covers = ['1.x', '>=1.0.0', '1.2.x', '*', '>=1.0.0 <2.0.0', '1.0.0', '<1.0.0', '>=0.5.0 <1.5.0', '1.x || 3.x', '3.x', '>1.0.0', '1.0.0 - 2.0.0', '<=2.0.0']
covers.product(covers).each do |a, b|
  record('covered', a, b) { |x, y| Types::PSemVerType.new([VersionRange.parse(y)]).assignable?(Types::PSemVerType.new([VersionRange.parse(x)])) }
end

spans = [0, 1, 999, 5_000_000, 120_000_000, 1_000_000_000, 61_000_000_000, 3_661_500_000_000, 93_784_500_000_000, -93_784_000_000_001, 864_000_000_000_000, 86_400_000_000_000 * 100]
formats = ['%D-%H:%M:%S.%-N', '%H:%M:%S', '%M:%S', '%S', '%S.%L', '%S.%3N', '%S.%-L', '%S.%6N', '%S.%_N|', '%N', '%L', '%-H h', '%_H|%_3M', '%3D %05H', '%%%H', 'x', '%-D', '%D days', '%5%', '%-3S', '%3N', '%S.%12N|', '%0S']
spans.product(formats).each { |nanos, format| record('span_format', nanos, format) { |n, f| Puppet::Pops::Time::Timespan.new(n).format(f) } }
spans.each { |nanos| record('span_string', nanos) { |n| Puppet::Pops::Time::Timespan.new(n).to_s } }
['%', '%-', '%x', '%H%', 'a%5', '%--H', '%5-H', '%é'].each { |format| record('span_format', 0, format) { |n, f| Puppet::Pops::Time::Timespan.new(n).format(f) } }
texts = ['1-02:03:04.5', '02:03:04.5', '03:04.005', '04.5', '1-02:03:04', '2:3:4', '1-02:03', '42', '-1-00:00:00.0', '-5', '', 'x', '1-2', '100:00:00', '1:60:00', '00:00:00.123456789', '1.1234567891', '1-25:00:00', ' 1', '1 ', "1\n"]
texts.each { |text| record('span_parse', text) { |t| Puppet::Pops::Time::Timespan.parse(t).nsecs } }
[['10', '%H'], ['10:20', '%H:%M'], ['90', '%M'], ['1 day', '%D day'], [' 5', '%_S'], ['5', '%-S'], ['05', '%2S'], ['5', '%2S'], ['500', '%L'], ['1.5', '%S.%L'], ['1.50', '%S.%N'], ['12345', '%H%M%S'], ['x', 'x'], ['a.b', 'a.b'], ['axb', 'a.b'], ['10%', '%H%%'], ['7', '%3S'], ['007', '%3S']].each do |text, format|
  record('span_parse', text, format) { |t, f| Puppet::Pops::Time::Timespan.parse(t, f).nsecs }
end

ENV['TZ'] = 'UTC'
stamps = [[0, 0], [1_476_093_600, 123_456_789], [-1, 1], [951_782_400, 5], [1_709_210_096, 0], [-62_198_755_200, 0], [253_402_300_800, 0], [1_230_768_000, 120_000_000], [1_293_839_999, 0]]
directives = %w[%Y %C %y %m %B %b %h %d %e %j %H %k %I %l %M %S %L %N %3N %6N %9N %12N %z %:z %::z %Z %A %a %u %w %G %g %V %U %W %s %n %t %% %c %D %F %v %x %X %r %R %T %P %p %-d %^a %_m %010Y
  %-H %#p %^b %05d %E %Q %Ez %_10z %:::z %Oy %Ey %i %-y %0e %-l %_H %10A %^10A %010A %-N %_N %! %3S %-m/%-d %10n %^Z %#Z %10F %^B %#B %+ %10z %-z %012c %-5d %5% %:S %::] + ['%', 'a%', 'é%Yé', '%é']
stamps.product(directives).each { |(s, n), f| record('stamp_format', [s, n], f) { |(a, b), g| Puppet::Pops::Time::Timestamp.new(a * 1_000_000_000 + b).format(g) } }
['+02:00', '-0330', 'CET', 'EST', 'Z', 'GMT+3', 'utc', '+5', 'nope', 'PDT', 'JST', '+25:00', 'A', 'IST', '+1:30', '-00:30', 'EST DST', '+01:02:03', 'Europe/Berlin', ' UTC'].each do |zone|
  record('stamp_zone', [1_476_093_600, 0], '%F %T %z [%Z]', zone) { |(s, n), f, z| Puppet::Pops::Time::Timestamp.new(s * 1_000_000_000 + n).format(f, z) }
end
nanos = ->(stamp) { [stamp.nsecs.div(1_000_000_000), stamp.nsecs.modulo(1_000_000_000)] }
['2016-10-10T10:00:00.123456789 UTC', '2016-10-10T10:00:00.5', '2016-10-10T10:00:00', '2016-10-10 10:00:00.5 +02:00', '2016-10-10 10:00:00', '2016-10-10', '2016-10-10 CET', '2016-10-10T10:00:00Z', '2016-10-10T10:00:00.5Z',
 '2016-02-30', '2016-13-01', '16-1-1', '2016-10-10T24:00:00', '2016-10-10T10:00:60', '2016-10-10T10:61:00', '', 'x', '2016-10-10 nope', '-0001-01-01', '12016-10-10', '2016-10-10T10:00', '2016-10-10 10:00:00.1234567891', '2016-10-10  10:00:00',
 '2016-10-1', '2016-10-10T1:2:3', '2016-10-10 EST5', '2016-10-10 +0200', '2016-10-10 GMT-3'].each { |text| record('stamp_parse', text) { |t| nanos.(Puppet::Pops::Time::Timestamp.parse(t)) } }
[['10 Oct 2016', '%d %b %Y'], ['10 october 2016', '%d %B %Y'], ['Mon Oct 10 10:00:00 2016', '%c'], ['10/11/16', '%D'], ['10/11/70', '%D'], ['2016-10-10 03:04 PM', '%F %I:%M %p'], ['2016-10-10 12:04 am', '%F %I:%M %P'], ['20161010', '%Y%m%d'],
 ['2016 284', '%Y %j'], ['1476093600', '%s'], ['2016', '%Y'], ['2016-10', '%Y-%m'], ['10', '%d'], ['x2016', 'x%Y'], ['2016x', '%Y'], ['2016-10-10 10:00:00 +02:00', '%F %T %z'], ['2016 %', '%Y %%'], ['2016Q', '%Y%Q'], [' 1 2016', '%e %Y'],
 ['20 16', '%C %y'], ['2016-10-10T10:00:00.123', '%FT%T.%L'], ['201610101112', '%Y%m%d%H%M'], ['2016-10-10 1112', '%F %H%M'], ['2016 Monday', '%Y %A'], ['2016%!', '%Y%!'], ['16-10-10', '%y-%m-%d'], ['2016-10-10', '%v']].each do |text, format|
  record('stamp_parse', text, format) { |t, f| nanos.(Puppet::Pops::Time::Timestamp.parse(t, f)) }
end
[['2016-10-10', '%F', 'CET'], ['2016-10-10T10:00:00', nil, '+02:00'], ['2016-10-10 UTC', '%F %Z', 'CET'], ['2016-10-10', '%F', 'nope'], ['2016-10-10 UTC', nil, 'CET']].each do |text, format, zone|
  record('stamp_parse', text, format, zone) { |t, f, z| nanos.(Puppet::Pops::Time::Timestamp.parse(t, f, z)) }
end

['http://a.b/c', 'http://User:pw@A.B:8080/c/d?q=1#f', 'HTTP://x', 'mailto:a@b.c', 'puppet:///modules/a/b', 'file:///x', '/a/b', 'a/b', '#f', '?q', 'http://[::1]:80/x', 'urn:x:y', 'http://x:80/', 'https://x:443', 'http://x:81', 'http://a b', 'http://é', 'http://a/%zz',
 'http://a/%20', '//h/p', 'ftp://h/x;type=a', 'http://x?y', 'http://x#y', 'a:b:c', ':x', 'http://', 'x://h', 'http://h:/', 'http://h:x/', '1a:b', 'ldap://h/dc=x?a', "a\nb", 'a{b}', 'a\\b', 'a|b', 'a[b]', 'http://h/a[b]', 'http://u@h'].each do |text|
  record('uri', text) { |t| uri = ::URI.parse(t); [uri.to_s, Types::PURIType.new(uri).parameters] }
end

env = Puppet::Node::Environment.create(:production, [])
inside(env) do
  parser = Types::TypeParser.singleton
  options = { rich_data: true, symbol_as_string: true, local_reference: false }
  types = %w[Any Undef Default Scalar ScalarData Numeric Integer Integer[1] Integer[default,3] Integer[1,2] Float Float[1.5] Float[1.5,2.0] String String[1] String[1,5] Enum Enum['a','b'] Enum['a',true]
    Pattern Pattern[/a/,/b/] Regexp Regexp[/a/] Boolean Boolean[true] Collection Collection[1,2] Array Array[Any] Array[Any,1] Array[String] Array[String,1] Array[String,1,3] Array[0,0] Hash Hash[Any,Integer] Hash[String,Any]
    Hash[String,Integer] Hash[String,Integer,1,2] Hash[0,0] Tuple Tuple[String,Integer] Tuple[String,1,3] Struct Struct[{'a'=>Integer}] Struct[{Optional['a']=>Integer}] Struct[{NotUndef['a']=>Any}] Struct[{'a'=>Optional[Integer]}]
    Optional Optional[Integer] Optional['a'] NotUndef NotUndef[Integer] Variant Variant[Integer,String] Iterable Iterable[Integer] Iterator Iterator[Integer] Callable Callable[0,0] Callable[String] Callable[String,1,3]
    Callable[String,Callable[Integer]] Callable[[String],Integer] Callable[String,Optional[Callable]] Callable[[0,0],Integer] Type Type[Integer] Sensitive Sensitive[String] CatalogEntry Resource Resource['file'] File File['/x'] Class Class['a::b']
    Timestamp Timestamp['2016-10-10T10:00:00'] Timestamp['2016-10-10','2017-10-10'] Timespan Timespan['1-00:00:00'] Timespan['1-00:00:00','2-00:00:00'] SemVer SemVer['>=1.0.0'] SemVer['1.x','>=3.0.0'] SemVerRange Binary URI
    URI[{'scheme'=>'http'}] Object Init Init[Integer] Init[Integer,16] Runtime Runtime['ruby','X'] RichDataKey Data TypeReference
    Object[{name=>'My::T',attributes=>{'a'=>Integer}}]]
  types.each { |text| record('type', text) { |t| Serialization::ToDataConverter.convert(parser.parse(t), options) } }
end
