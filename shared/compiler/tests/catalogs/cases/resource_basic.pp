file { '/tmp/a':
  ensure  => file,
  mode    => '0644',
  content => "x\n",
}
notify { 'hello': }
