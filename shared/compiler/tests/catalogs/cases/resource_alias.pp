file { '/tmp/a': ensure => file, alias => 'a' }
notify { 'n': require => File['a'] }
