file { '/tmp/a': source => 'puppet:///modules/thing/nosuch' }
