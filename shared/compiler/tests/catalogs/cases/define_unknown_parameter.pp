define d($x = 1) { }
d { 'a': z => 1 }
