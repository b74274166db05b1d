class a($tag) { }
class { 'a': tag => 'x' }
