File { mode => '0644' }
file { '/tmp/a': }
File['/tmp/a'] { mode => '0600' }
