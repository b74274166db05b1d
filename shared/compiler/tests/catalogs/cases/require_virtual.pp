@notify { 'v': require => Notify['nosuch'] }
notify { 'n': }
