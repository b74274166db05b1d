class a { include common Notify { message => 'a' } }
class b { include common }
class common { notify { 'c': } }
include a, b
