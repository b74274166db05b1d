# A virtual host.
#
# @param docroot Where its files are
# @param port Port
# @param ssl With TLS
# @param aliases Other names
# @param locations Locations by path
# @param allow Networks that may connect; all if empty
# @param expires How long clients may keep what they got
# @param ensure Whether it is there
define webserver::vhost (
  String[1]                              $docroot,
  Webserver::Port                        $port      = 443,
  Boolean                                $ssl       = true,
  Array[String[1]]                       $aliases   = [],
  Hash[String[1], Webserver::Location]   $locations = { '/' => { root => true } },
  Array[Pattern[/\A[0-9.]+\/\d+\z/]]     $allow     = [],
  Optional[Pattern[/\A\d+[smhd]\z/]]     $expires   = undef,
  Enum['present', 'absent']              $ensure    = 'present',
) {
  require webserver

  if $ssl and $port == 80 {
    fail("Webserver::Vhost[${title}]: port 80 is for plain HTTP")
  }

  $names = [$name, *$aliases].unique
  $priority = $name ? { /\Awww\./ => 10, /\A(static|internal)\./ => 20, default => 50 }
  $file = "${webserver::vhosts_dir}/${priority}-${name}.conf"

  file { $file:
    ensure  => $ensure ? { 'present' => file, default => absent },
    mode    => '0644',
    content => epp('webserver/vhost.epp', {
      'names'     => $names,
      'docroot'   => $docroot,
      'port'      => $port,
      'ssl'       => $ssl,
      'locations' => $locations,
      'allow'     => $allow,
      'expires'   => $expires,
    }),
    notify  => Class['webserver::service'],
  }

  if $ensure == 'present' and !defined(File[$docroot]) {
    file { $docroot:
      ensure => directory,
      owner  => $webserver::user,
      mode   => '2755',
      before => File[$file],
    }
  }
}
