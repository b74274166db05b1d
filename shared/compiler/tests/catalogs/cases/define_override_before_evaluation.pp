define d($x = 1) { notify { "x ${x}": } }
d { 'a': }
D['a'] { x => 2 }
