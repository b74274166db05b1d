class a(Integer[1, 10] $x = 11) { }
include a
