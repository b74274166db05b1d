file { '/tmp/a': ensure => file, colour => 'blue' }
