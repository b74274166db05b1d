widget { 'w': ensure => present, colour => 'red', provider => 'plain' }
widget { 'x': }
gadget { 'dir/name': level => 3 }
