class a($x = 1) { }
class { 'a': x => 2 }
notify { "x is ${Class['a']['x']}": }
