@notify { 'a': message => 'm' }
@notify { ['b', 'c']: }
realize Notify['a']
realize(Notify['b'], Notify['c'])
