notify { 'a': tag => ['One', 'two::Three'] }
notify { 'b c': tag => 'x' }
class c { tag('t1', 't2') notify { 'in c': } }
include c
class e { notify { 'd': tag => 'Own' } }
class { 'e': tag => 'ctag' }
