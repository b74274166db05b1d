class a { }
include a
Class['a'] { tag => 'x' }
