file { 'conf': path => '/etc/conf' }
notify { 'n': }
File['/etc/conf'] ~> Notify['n']
Notify['n'] -> File['conf']
