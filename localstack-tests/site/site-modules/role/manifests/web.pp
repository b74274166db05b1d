# A web server.
#
# @param datacenter Where it stands
class role::web (
  Enum['ams', 'fra'] $datacenter,
) {
  notice("web server in ${datacenter}")

  include profile::base
  include profile::web

  Class['profile::base'] -> Class['profile::web']
}
