# A host to pass through.
#
# @param jump_hosts Certnames of machines behind it
class profile::bastion (
  Array[Pattern[/\A[a-z0-9.-]+\z/]] $jump_hosts = [],
) {
  include profile::ssh::hardened

  $hosts = $jump_hosts.map |$certname| {
    [$short, $datacenter] = $certname.split('[.]')[0, 2]
    $entry = { 'alias' => "${short}-${datacenter}", 'host' => $certname }
    $entry
  }
  $config = $hosts.reduce('') |$memo, $host| {
    "${memo}Host ${host['alias']}\n  HostName ${host['host']}\n"
  }

  file { '/etc/ssh/ssh_config.d':
    ensure  => directory,
    recurse => true,
    purge   => true,
    force   => true,
  }
  -> file { '/etc/ssh/ssh_config.d/jump.conf':
    content => $config,
  }
  ~> Service['ssh']

  # Two networks for each data center, from the third byte on.
  $networks = [10, 20].map |$second| {
    Integer[0, 1].map |$third| { "10.${second}.${third}.0/24" }
  }.flatten
  unless $facts['networking']['ip'] =~ /\A10\.(10|20)\./ {
    fail('a bastion stands in a data center')
  }
  file { '/etc/bastion-networks':
    content => $networks.reverse_each.reduce('') |$memo, $network| { "${memo}${network}\n" },
  }
}
