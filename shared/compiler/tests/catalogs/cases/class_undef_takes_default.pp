class a($x = 5) { notify { "a ${x}": } }
class { 'a': x => undef }
