file { 'x': name => '/tmp/x' }
