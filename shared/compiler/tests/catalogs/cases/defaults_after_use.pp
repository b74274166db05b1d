file { '/tmp/a': }
File { mode => '0644' }
file { '/tmp/b': }
