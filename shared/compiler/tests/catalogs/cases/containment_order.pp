class b { notify { 'b': } }
class a { notify { 'a1': } include b notify { 'a2': } d { 'x': } }
define d { notify { "d ${title}": } file { "/tmp/${title}": } }
notify { 'top1': }
include a
notify { 'top2': }
