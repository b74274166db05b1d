# Watches other machines.
#
# @param interval Seconds between checks
# @param contacts Whom to tell, by way
# @param checks Checks by name
class profile::monitoring (
  Integer[10]                                  $interval,
  Hash[Enum['email', 'pager', 'chat'], Array[String[1], 1]] $contacts,
  Hash[String[1], Tuple[String, Integer, 1, 2]] $checks = { 'ping' => ['icmp'], 'web' => ['tcp', 443], 'db' => ['tcp', 5432] },
) {
  user { 'monitor':
    ensure => present,
    system => true,
    home   => '/var/lib/monitor',
    shell  => '/usr/sbin/nologin',
    gid    => 'monitor',
  }
  group { 'monitor':
    ensure => present,
    system => true,
    before => User['monitor'],
  }

  file { '/etc/monitor':
    ensure => directory,
  }

  $checks.each |$name, $check| {
    [$protocol, $port] = [$check[0], $check[1]]
    $target = $port ? {
      undef   => $protocol,
      default => "${protocol}/${port}",
    }
    file { "/etc/monitor/${name}.check":
      content => "${target} every ${interval}s\n",
      tag     => ['check', $protocol],
      mode    => '0644',
    }
  }

  $sections = $contacts.reduce({}) |$memo, $entry| {
    $memo + { $entry[0] => { 'count' => $entry[1].length, 'to' => $entry[1].join(' ') } }
  }
  file { '/etc/monitor/contacts.ini':
    content => demo::ini($sections),
  }

  File <| tag == 'check' |> ~> Service['monitor']

  $memory = $facts['memory']['system']['total_bytes']
  $strong = $facts['is_virtual'] and $memory > 2 * 1024 * 1024 * 1024
  service { 'monitor':
    ensure   => running,
    enable   => $strong,
    start    => '/usr/bin/monitor --daemon',
    stop     => '/usr/bin/pkill -x monitor',
    provider => base,
  }

  file { '/etc/monitor/README':
    content => @(README),
      Checks are in *.check, one a file.
        $interval is not expanded here, and neither is \t.
      |- README
  }

  tidy { '/var/lib/monitor/old':
    age     => '4w',
    recurse => true,
    matches => ['*.rrd'],
  }

  cron { 'report':
    command  => '/usr/bin/monitor --report',
    user     => 'monitor',
    special  => 'daily',
    schedule => 'night',
  }
}
