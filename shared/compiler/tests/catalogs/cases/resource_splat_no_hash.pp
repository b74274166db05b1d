file { '/tmp/a':
  * => 'mode',
}
