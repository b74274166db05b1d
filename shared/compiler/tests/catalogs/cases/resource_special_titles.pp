notify { 'with [brackets]': }
notify { 'b': require => Notify['with [brackets]'] }
notify { "new\nline": }
notify { 'Upper Case': tag => 'UP' }
