file { '/tmp/d': ensure => directory, recurse => true, source => 'puppet:///modules/thing/tree' }
file { '/tmp/r': ensure => directory, recurse => remote, source => ['puppet:///modules/thing/nosuch', 'puppet:///modules/thing/tree/'] }
