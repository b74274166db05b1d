# Files served by the module: one script, one tree.
class demo::files {
  file { demo::path($demo::root, 'bin', 'hello'):
    ensure => file,
    source => 'puppet:///modules/demo/hello.sh',
    mode   => '0755',
  }

  file { demo::path($demo::root, 'share'):
    ensure  => directory,
    source  => 'puppet:///modules/demo/tree',
    recurse => true,
    purge   => true,
    mode    => undef,
  }
}
