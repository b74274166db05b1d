@notify { 'a': }
notify { 'b': }
