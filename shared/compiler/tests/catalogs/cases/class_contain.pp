class a { notify { 'a': } }
class b { contain a notify { 'b': } }
include b
Notify['z'] -> Class['b']
notify { 'z': }
