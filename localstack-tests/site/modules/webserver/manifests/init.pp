# A web server.
#
# @param package Name of the package
# @param user Who the workers run as
# @param settings Settings
# @param root Where the configuration is
# @param vhosts_dir Where virtual hosts are
# @param workers Number of processes
class webserver (
  String[1]           $package,
  String[1]           $user,
  Webserver::Settings $settings,
  String[1]           $root       = $webserver::params::root,
  String[1]           $vhosts_dir = $webserver::params::vhosts,
  Integer[1, 64]      $workers    = $webserver::params::workers,
) inherits webserver::params {
  $connections = $settings['worker_connections'] * $workers

  contain webserver::install
  contain webserver::config
  contain webserver::service

  Class['webserver::install']
  -> Class['webserver::config']
  ~> Class['webserver::service']
}
