Notify['a'] { 'b': message => 'x' }
