define d { notify { "d ${title}": } }
d { 'x': }
notify { 'after': }
class c { notify { 'c': } d { 'y': } }
include c
