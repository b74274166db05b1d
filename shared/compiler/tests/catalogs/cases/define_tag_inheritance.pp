class c { define_d { 'x': tag => 'mine' } }
define define_d { notify { "d ${title}": } }
include c
