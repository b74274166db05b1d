$attributes = { 'mode' => '0640' }
file { '/tmp/a':
  mode => '0600',
  *    => $attributes,
}
