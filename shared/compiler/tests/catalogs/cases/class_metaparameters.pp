class a { notify { 'a': } }
class { 'a': require => Notify['n'], noop => false }
notify { 'n': }
