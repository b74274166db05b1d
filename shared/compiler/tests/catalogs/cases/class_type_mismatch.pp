class a(Integer $x, Optional[String] $y = undef) { }
class { 'a': x => 'one' }
