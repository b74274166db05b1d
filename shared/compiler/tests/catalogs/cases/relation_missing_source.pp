notify { 'a': }
Notify['nosuch'] -> Notify['a']
