class base($p = 1) { file { '/tmp/a': mode => '0644', owner => 'root' } $v = 'base' }
class child inherits base { notify { "v ${v} ${base::p}": } File['/tmp/a'] { mode => '0600', group => 'adm' } }
include child
