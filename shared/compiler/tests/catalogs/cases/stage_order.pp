stage { ['pre', 'post']: }
Stage['pre'] -> Stage['main'] -> Stage['post']
class p { notify { 'p': } }
class q { include r notify { 'q': } }
class r { notify { 'r': } }
class { 'p': stage => 'pre' }
class { 'q': stage => 'post' }
