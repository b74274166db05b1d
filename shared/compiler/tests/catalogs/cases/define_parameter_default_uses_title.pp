define d($x = $title, $y = $name) { notify { "${x} ${y}": } }
d { 'a': }
