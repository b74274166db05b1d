# As `profile::ssh`, but tighter.
class profile::ssh::hardened inherits profile::ssh {
  File[$profile::ssh::path] {
    mode    => '0600',
    require +> Package['fail2ban'],
  }

  Service['ssh'] {
    enable => true,
  }

  package { 'fail2ban': ensure => installed }
}
