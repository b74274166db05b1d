class a { notify { 'a': } }
notify { 'n': }
Notify['n'] -> include(a)
