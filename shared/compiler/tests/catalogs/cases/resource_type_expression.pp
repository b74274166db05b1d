$type = 'notify'
Resource[$type] { 'a': message => 'm' }
Notify['a'] -> Resource['notify', 'b']
notify { 'b': }
