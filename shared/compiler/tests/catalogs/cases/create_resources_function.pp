create_resources('notify', { 'a' => { 'message' => 'm' }, 'b' => {} }, { 'loglevel' => 'info' })
create_resources('@notify', { 'v' => {} })
class c($x = 1) { notify { "c ${x}": } }
create_resources('class', { 'c' => { 'x' => 2 } })
define d($y) { notify { "d ${title} ${y}": } }
create_resources(d, { 'e' => { 'y' => 'yy' } })
