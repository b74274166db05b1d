stage { 'first': }
notify { 'a': stage => 'first' }
