class a { }
notify { 'n': }
Notify['n'] -> Class['a']
