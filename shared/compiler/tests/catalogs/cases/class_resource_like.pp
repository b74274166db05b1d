class a($x = 1, $y = $x) { notify { "a ${x} ${y}": } }
class { 'a': x => 3 }
