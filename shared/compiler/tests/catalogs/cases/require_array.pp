notify { 'a': require => [Notify['b'], [Notify['c']], undef], before => [], notify => undef }
notify { ['b', 'c']: }
