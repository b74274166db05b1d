file { '/tmp/a': }
File['/tmp/a'] { colour => 'red' }
