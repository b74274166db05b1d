class a::params { $port = 80 }
class a($port = $a::params::port, $host = "h${port}") inherits a::params { notify { "port ${port} ${host}": } contain a::sub Class['a::params'] -> Class['a::sub'] }
class a::sub { notify { "sub ${a::port}": } }
class { 'a': port => 81 }
