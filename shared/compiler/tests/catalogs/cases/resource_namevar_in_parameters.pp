file { 'motd': path => '/etc/motd', ensure => file }
file { '/etc/x/': ensure => directory }
notify { 'n': name => 'other' }
package { 'vim': name => 'vim-nox' }
exec { 'run it': command => '/bin/true' }
