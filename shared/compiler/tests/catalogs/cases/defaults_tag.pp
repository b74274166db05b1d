Notify { tag => 'dt' }
notify { 'a': }
notify { 'b': tag => 'own' }
