class a { notify { 'a': } include b }
class b { notify { 'b': } }
include a, b
include 'a'
include [Class['b'], ['::a']]
