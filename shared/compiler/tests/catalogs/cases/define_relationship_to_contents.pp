define d { notify { "d ${title}": } }
d { ['a', 'b']: }
D['a'] -> D['b']
