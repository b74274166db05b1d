File { mode => '0644' }
class a { file { '/tmp/a': } include b }
class b { file { '/tmp/b': } }
class top { File { mode => '0600', owner => 'o' } include a }
include top
