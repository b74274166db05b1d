notify { 'first': }
File { require => Notify['first'] }
file { '/tmp/a': }
