# Packages, before everything else.
class profile::base::packages {
  # SELinux tools only where there is SELinux.
  $wanted = $profile::base::packages.filter |$package| {
    $facts['os']['selinux']['enabled'] or $package !~ /^policycoreutils/
  }

  package { $wanted.sort:
    ensure => installed,
    tag    => 'prerequisite',
  }

  if $facts['os']['family'] == 'Debian' and versioncmp($facts['os']['release']['full'], '13') < 0 {
    package { 'ntpdate':
      ensure => absent,
    }
  } elsif $facts['os']['name'] in ['Rocky', 'AlmaLinux'] {
    package { 'chrony':
      ensure => latest,
      noop   => true,
    }
  }
}
