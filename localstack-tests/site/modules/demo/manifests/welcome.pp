# The welcome: a template with parameters.
class demo::welcome {
  $path = demo::path($demo::root, 'etc', 'motd')

  file { $path:
    ensure  => file,
    content => epp('demo/motd.epp', {
      'greeting' => $demo::greeting,
      'motto'    => $demo::motto,
      'labels'   => $demo::labels,
      'address'  => $facts.dig('networking', 'ip'),
    }),
  }

  file { demo::path($demo::root, 'etc', 'issue'):
    ensure => link,
    target => $path,
  }
}
