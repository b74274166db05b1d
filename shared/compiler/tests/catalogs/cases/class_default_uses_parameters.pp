class a($x, $y = "${x}-y", $z = [$y, $x]) { notify { 'a': message => [$x, $y, $z] } }
class { 'a': x => 'X' }
