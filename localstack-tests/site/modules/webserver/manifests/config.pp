# Its configuration.
class webserver::config {
  $settings = $webserver::settings

  file {
    default:
      ensure => directory,
      owner  => 'root',
      group  => 'root',
    ;
    [$webserver::root, $webserver::vhosts_dir]:
      mode    => '0755',
      purge   => $webserver::vhosts_dir =~ /enabled$/,
      recurse => true,
    ;
    $webserver::logs:
      owner => $webserver::user,
      group => 'adm',
      mode  => '0750',
    ;
  }

  file { "${webserver::root}/nginx.conf":
    ensure       => file,
    mode         => '0644',
    content      => epp("${module_name}/nginx.conf.epp", {
      user        => $webserver::user,
      workers     => $webserver::workers,
      connections => $settings['worker_connections'],
      gzip        => $settings['gzip'],
      log         => $settings['log'] + { 'dir' => $webserver::logs },
      vhosts      => $webserver::vhosts_dir,
    }),
    validate_cmd => 'nginx -t -c %',
    audit        => 'content',
  }

  # The mime types are the same everywhere.
  file { "${webserver::root}/mime.types":
    source   => ["puppet:///modules/${module_name}/mime.types.${facts['os']['name']}", "puppet:///modules/${module_name}/mime.types"],
    mode     => '0644',
    loglevel => 'info',
  }
}
