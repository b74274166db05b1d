file { '/tmp/a': ensure => file, alias => 'x' }
file { '/tmp/b': ensure => file, alias => 'x' }
