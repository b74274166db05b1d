class a(String $x, Integer $y, $z = 3) { }
class { 'a': z => 4 }
