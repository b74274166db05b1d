# The web server and its virtual hosts.
#
# @param package Package of the server
# @param user Who it runs as
# @param settings Its settings
# @param vhosts Virtual hosts by name
# @param tls Whether TLS is on at all
class profile::web (
  String[1]           $package,
  String[1]           $user,
  Webserver::Settings $settings,
  Hash                $vhosts = {},
  Boolean             $tls    = true,
) {
  class { 'webserver':
    package  => $package,
    user     => $user,
    settings => $settings,
  }

  file { ['/srv', '/srv/www']:
    ensure => directory,
    mode   => '0755',
  }

  if $tls {
    file { '/etc/ssl/site':
      ensure => directory,
      mode   => '0750',
      before => Class['webserver'],
    }
  }

  $defaults = {
    ensure => present,
    tag    => ['vhost', $facts['demo_datacenter']],
  }
  create_resources('webserver::vhost', $vhosts, $defaults)

  # A page that says which machine answered, but on the canary.
  $pages = $vhosts.filter |$name, $vhost| { $name !~ /^canary\./ }
  $pages.each |$name, $vhost| {
    file { "${vhost['docroot']}/machine.txt":
      content => @("PAGE"/L),
        ${facts['networking']['hostname']} serves \
        ${name} from ${facts['demo_datacenter'].upcase}
        | PAGE
      owner   => $user,
    }
  }

  File <| tag == 'vhost' and ensure == 'directory' |> {
    group => $user,
  }
}
