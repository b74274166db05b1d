class a { notify { 'a': } }
class b { contain a }
define d { contain b }
d { 'x': noop => true, tag => 'td' }
