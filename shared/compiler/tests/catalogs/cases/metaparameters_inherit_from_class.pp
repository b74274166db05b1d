class c { notify { 'in': } file { '/tmp/x': noop => false } d { 'dd': } }
define d { notify { "d ${title}": } }
class { 'c': noop => true, schedule => 's', tag => 'ct' }
schedule { 's': }
