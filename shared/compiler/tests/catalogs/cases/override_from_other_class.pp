class a { file { '/tmp/a': mode => '0644' } }
class b { File['/tmp/a'] { owner => 'x' } }
include a, b
