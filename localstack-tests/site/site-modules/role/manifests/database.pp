# A database server; a replica if it has a primary.
#
# @param primary Certname of the primary
class role::database (
  Optional[String[1]] $primary = undef,
) {
  include profile::base

  class { 'profile::database':
    primary => $primary,
    require => Class['profile::base'],
  }
}
