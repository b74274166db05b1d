File { mode => '0644' }
File { owner => 'o' }
file { '/tmp/a': }
