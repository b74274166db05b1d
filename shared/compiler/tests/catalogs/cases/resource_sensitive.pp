notify { 'a': message => Sensitive('secret') }
notify { 'b': message => [Sensitive('inner')] }
define d($x) { notify { $title: message => $x } }
d { 'c': x => Sensitive('through') }
