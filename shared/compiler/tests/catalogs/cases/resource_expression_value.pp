$r = notify { ['a', 'b']: }
notify { "r ${r}": }
