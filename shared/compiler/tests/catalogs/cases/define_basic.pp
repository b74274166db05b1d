define d($x, $y = "${title}-${x}") {
  notify { "${title} ${name} ${x} ${y}": }
}
d { 'one': x => 1 }
d { ['two', 'three']: x => 2, y => 'y' }
