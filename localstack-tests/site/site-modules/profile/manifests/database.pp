# The database server with its databases.
#
# @param package Package of the server
# @param root_password Password of the superuser
# @param settings Settings
# @param databases Databases by name
# @param primary Certname of the primary, on a replica
# @param replicas Certnames of the replicas, on a primary
# @param version Version of the server
class profile::database (
  String[1]           $package,
  Sensitive[String]   $root_password,
  Hash                $settings,
  Hash                $databases = {},
  Optional[String[1]] $primary   = undef,
  Array[String[1]]    $replicas  = [],
  Integer[13, 17]     $version   = 16,
) {
  class { 'database':
    package       => $package,
    root_password => $root_password,
    settings      => $settings,
  }
  contain database

  if $primary {
    file { "${database::data_dir}/standby.signal":
      content => "primary_conninfo = 'host=${primary}'\n",
      notify  => Service['postgresql'],
    }
  } else {
    $databases.each |String $name, Hash $params| {
      database::db { $name:
        * => $params,
      }
    }
    $hba = epp('profile/hba.epp', { 'replicas' => $replicas, 'version' => $version })
    file { "${database::data_dir}/pg_hba.conf":
      content   => Sensitive($hba),
      mode      => '0600',
      show_diff => false,
      notify    => [Service['postgresql'], Exec['reload hba']],
    }
    exec { 'reload hba':
      command     => '/usr/bin/pg_ctlcluster reload',
      refreshonly => true,
      tries       => 3,
      try_sleep   => 5,
    }
  }

  # Backups start after the service, in an hour by the number of the machine.
  $number = Integer($facts['networking']['hostname'].regsubst(/\D+/, '', 'G'), 10)
  cron { 'backup':
    ensure      => $primary =~ Undef ? { true => present, false => absent },
    command     => 'pg_dumpall | gzip > /srv/backup/all.sql.gz',
    user        => 'postgres',
    hour        => ($number * 3 + 1) % 24,
    minute      => 15,
    environment => ['MAILTO=dba@example.test', "PGVERSION=${version}"],
  }
  Service <| tag == 'database' |> -> Cron['backup']
}
