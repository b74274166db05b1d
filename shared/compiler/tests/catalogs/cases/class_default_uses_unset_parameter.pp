class a($x, $y = $x) { }
include a
