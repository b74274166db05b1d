define d($x = 1) { notify { "${title} ${x}": } }
D { x => 2 }
d { 'a': }
d { 'b': x => 3 }
