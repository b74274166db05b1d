file { 'conf': path => '/etc/conf' }
notify { 'n': require => File['/etc/conf'] }
