function f($x) { file { "/tmp/${x}": ensure => file } }
File { mode => '0600' }
f('a')
