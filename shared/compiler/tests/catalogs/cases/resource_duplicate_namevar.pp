file { '/tmp/a': ensure => file }
file { 'other': path => '/tmp/a' }
