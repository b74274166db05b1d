$attributes = { 'mode' => '0640', 'owner' => 'root' }
file { '/tmp/a':
  ensure => file,
  *      => $attributes,
}
