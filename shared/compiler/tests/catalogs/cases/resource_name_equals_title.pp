file { '/tmp/a': path => '/tmp/a' }
notify { 'b': name => 'b' }
