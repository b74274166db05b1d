notify { 'A': }
notify { 'b': require => Notify['a'] }
