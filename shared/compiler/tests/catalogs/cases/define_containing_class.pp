class c { notify { 'c': } }
define d { include c contain c notify { "d ${title}": } }
d { 'x': }
