@@notify { 'a': }
notify { 'b': }
