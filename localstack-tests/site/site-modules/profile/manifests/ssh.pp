# The secure shell's server.
#
# @param settings Its settings
# @param path Its configuration
class profile::ssh (
  Hash[Pattern[/\A[A-Z]\w+\z/], Variant[Boolean, Integer, String, Array[String]]] $settings = {},
  String[1] $path = '/etc/ssh/sshd_config',
) {
  $defaults = { 'Port' => 22, 'UsePAM' => true, 'X11Forwarding' => false }
  $all = $defaults + $settings

  $text = $all.map |$key, $value| {
    $word = $value ? {
      true    => 'yes',
      false   => 'no',
      Array   => $value.join(' '),
      default => $value,
    }
    "${key} ${word}"
  }

  file { $path:
    ensure  => file,
    owner   => 'root',
    mode    => '0644',
    content => $text.join("\n"),
    require => Package['openssh-server'],
  }

  package { 'openssh-server':
    ensure => installed,
  }

  service { 'ssh':
    ensure    => running,
    name      => $facts['os']['family'] ? { 'RedHat' => 'sshd', default => 'ssh' },
    subscribe => File[$path],
  }
}
