user { 'u': ensure => present, uid => 1, groups => ['a'], managehome => true, password => Sensitive('x') }
group { 'g': gid => 5 }
service { 's': ensure => running, hasstatus => true, provider => 'systemd' }
exec { '/bin/true': refreshonly => true, subscribe => Service['s'] }
tidy { '/tmp/t': age => '1d' }
resources { 'user': purge => true }
filebucket { 'main': path => false, server => 'x' }
