File { mode => '0644', owner => 'root' }
file { '/tmp/a': }
file { '/tmp/b': mode => '0600' }
Notify { message => 'default' }
notify { 'n': }
