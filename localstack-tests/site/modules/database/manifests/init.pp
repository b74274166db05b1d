# A database server.
#
# @param package Its package
# @param root_password Password of the superuser
# @param settings Settings
# @param data_dir Where the data is
class database (
  String[1]                    $package,
  Sensitive[String[8]]         $root_password,
  Hash[String[1], NotUndef]    $settings,
  String[1]                    $data_dir = '/srv/postgresql',
) {
  $memory = $facts['memory']['system']['total_bytes']
  $buffers = database::bytes($settings['shared_buffers'])
  $percent = $buffers * 100 / $memory
  if $percent >= 50 {
    fail("shared_buffers takes ${percent} % of the memory")
  }

  package { $package:
    ensure => present,
    tag    => 'prerequisite',
  }

  $environment = $root_password.unwrap.then |$password| {
    Sensitive("PGUSER=postgres\nPGPASSWORD='${password}'\n")
  }
  file { '/etc/default/postgresql':
    mode    => '0600',
    content => $environment,
    require => Package[$package],
  }

  file { $data_dir:
    ensure => directory,
    mode   => '0700',
  }

  settings_file { 'postgresql.conf':
    path     => "${data_dir}/postgresql.conf",
    settings => $settings + {
      'effective_cache_size' => sprintf('%dMB', ($memory - $buffers) >> 20),
      'max_connections'      => [100, 50 * $facts['processors']['count']].max,
    },
    require  => File[$data_dir],
    notify   => Service['postgresql'],
  }

  service { 'postgresql':
    ensure => running,
    enable => true,
    tag    => ['managed', 'database'],
  }
}
