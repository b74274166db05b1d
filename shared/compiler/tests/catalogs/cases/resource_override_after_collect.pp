define d($x = 1) { notify { "x ${x}": } }
class a { d { 'd1': } }
class b inherits a { D['d1'] { x => 3 } }
include b
