class a { $v = 1 }
class b { notify { "${v}": } }
include a
include b
