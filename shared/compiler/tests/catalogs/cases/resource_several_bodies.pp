file {
  default:
    ensure => file,
    mode   => '0600',
    ;
  '/tmp/a':
    mode => '0644',
    ;
  ['/tmp/b', '/tmp/c']:
    owner => 'root',
}
