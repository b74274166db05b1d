define d { notify { "d ${title}": } e { $title: } }
define e { notify { "e ${title}": loglevel => 'info' } }
d { 'x': noop => true, loglevel => 'err', tag => 'dt' }
