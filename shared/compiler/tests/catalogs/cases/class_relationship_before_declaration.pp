Class['a'] -> Class['b']
class a { notify { 'a': } }
class b { notify { 'b': } }
include b
include a
