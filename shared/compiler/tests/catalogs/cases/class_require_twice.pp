class a { }
class c { }
class b { require a, c notify { 'b': } }
class { 'b': require => Notify['n'] }
notify { 'n': }
