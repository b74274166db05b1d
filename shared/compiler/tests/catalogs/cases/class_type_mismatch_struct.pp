class a(Hash[String, Integer] $x) { }
class { 'a': x => { 'k' => 'v' } }
