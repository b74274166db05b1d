# What differs between systems.
class webserver::params {
  case $facts['os']['family'] {
    'Debian': {
      $root = '/etc/nginx'
      $logs = '/var/log/nginx'
      $vhosts = "${root}/sites-enabled"
      $pid = '/run/nginx.pid'
    }
    'RedHat', 'Suse': {
      $root = '/etc/nginx'
      $logs = '/var/log/nginx'
      $vhosts = "${root}/conf.d"
      $pid = '/var/run/nginx.pid'
    }
    default: {
      fail("webserver: ${facts['os']['name']} is not supported")
    }
  }

  $processors = $facts.dig('processors', 'count')
  $workers = $processors ? {
    Integer[0, 1]  => 1,
    Integer[2, 8]  => $processors,
    default        => 8 + ($processors - 8) / 2,
  }
}
