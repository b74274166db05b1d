file { '/tmp/a': source => 'puppet:///modules/thing/a.conf' }
file { '/tmp/b': source => ['puppet:///modules/thing/nosuch', 'puppet:///modules/thing/a.conf'] }
file { '/tmp/c': ensure => absent, source => 'puppet:///modules/thing/a.conf' }
file { '/tmp/d': source => '/local/file' }
file { '/tmp/e': content => 'x' }
