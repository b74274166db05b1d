notify { 'a':
  message => 'x',
  require => Notify['nosuch'],
}
