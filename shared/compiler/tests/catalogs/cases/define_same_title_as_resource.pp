define d { notify { $title: } }
d { 'x': }
d { 'y': require => D['x'], before => Notify['z'] }
notify { 'z': }
