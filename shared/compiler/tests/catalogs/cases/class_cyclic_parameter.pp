class a($x = $a::y, $y = 2) { }
include a
