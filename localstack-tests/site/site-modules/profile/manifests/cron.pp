# Jobs by time.
#
# @param package Package of the daemon
class profile::cron (
  String[1] $package = 'cron',
) {
  package { $package:
    ensure => installed,
    alias  => 'crond',
  }

  # Spread over the hour, the same each day.
  $minute = fqdn_rand(60, 'profile::cron')

  cron { 'cleanup':
    command => 'find /var/tmp -xdev -mtime +30 -delete',
    user    => root,
    minute  => $minute,
    hour    => [2, 14],
    weekday => '1-5',
    require => Package['crond'],
  }

  schedule { 'night':
    range  => '1 - 5',
    period => daily,
    repeat => 1,
  }
}
