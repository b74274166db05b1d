class a($x = $y, $y = 1) { notify { "x ${x}": } }
include a
