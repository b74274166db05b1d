class a { notify { 'a': } }
include a
Class['a'] -> notify { 'n': }
