# What of a value PuppetDB keeps.
define item($v = undef, $w = undef) {}
class k {}
node exporter {
  include k
  file { '/ref': }
  @@item { 'sensitive': v => Sensitive('secret'), w => 'plain' }
  @@item { 'timestamp': v => Timestamp('2020-01-01T00:00:00Z'), w => Timespan('1-00:00:00') }
  @@item { 'binary': v => Binary('aGVsbG8='), w => SemVer('1.2.3') }
  @@item { 'regexp': v => /a.b/, w => [/x/] }
  @@item { 'types': v => Integer[1, 2], w => { 'k' => String } }
  @@item { 'references': v => File['/ref'], w => [File['/ref'], [Class['k']]] }
  @@item { 'undef inside': v => [undef, 1], w => { 'a' => undef } }
  @@item { 'keys': v => { 1 => 'one', true => 'yes', undef => 'none' }, w => { 'Z' => 1, 'a' => 2 } }
  @@item { 'numbers': v => [0, -1, 9223372036854775807, 1.5, 1.0, 1e7, 9999999.0, 12345678.5, -3e12], w => [true, false] }
  @@item { 'default': v => default, w => [default] }
  @@item { 'text': v => "line\nline\ttab \u{1F600} \"q\" \\", w => '' }
  @@item { 'deferred': v => Deferred('upcase', ['x']) }
  @@item { 'uri': v => URI('http://example.org/x?y=1'), w => SemVerRange('>=1.0.0') }
}
node collector { Item <<| |>> }
node q1 { Item <<| v == 'secret' |>> }
node q2 { Item <<| w == 'plain' |>> }
node q3 { Item <<| v == '2020-01-01T00:00:00.000000000 UTC' |>> }
node q4 { $v = Timestamp('2020-01-01T00:00:00Z') Item <<| v == $v |>> }
node q5 { $v = [0, -1, 9223372036854775807, 1.5, 1.0, 1e7, 9999999.0, 12345678.5, -3e12] Item <<| v == $v |>> }
node q6 { $w = { 'a' => undef } Item <<| w == $w |>> }
node q7 { $v = { 1 => 'one', true => 'yes', undef => 'none' } Item <<| v == $v |>> }
node q8 { $v = Sensitive('secret') Item <<| v == $v |>> }
node q9 { $v = /a.b/ Item <<| v == $v |>> }
node q10 { Item <<| v == '/a.b/' |>> }
node q11 { $w = Integer[1, 2] Item <<| v == $w |>> }
