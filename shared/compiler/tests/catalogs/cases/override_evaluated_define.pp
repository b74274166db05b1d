define d($x = 1) { notify { "x ${x}": } }
class base { d { 'a': } }
class child inherits base { D['a'] { x => 2 } }
include child
