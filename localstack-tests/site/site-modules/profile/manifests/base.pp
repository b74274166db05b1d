# What every machine but the sandbox has.
#
# @param packages Packages
# @param sysctl Kernel settings
# @param limits Limits by user
# @param resolvers Name servers
# @param timezone Time zone
# @param ntp_servers Time servers
# @param domain Search domain
class profile::base (
  Array[String[1]]                                            $packages,
  Hash[Pattern[/\A[a-z][a-z0-9_.]+\z/], Variant[Integer, String[1]]] $sysctl,
  Hash[String[1], Hash[String[1], Variant[Integer, Enum['unlimited']]]] $limits,
  Array[Pattern[/\A\d+(\.\d+){3}\z/], 1, 3]                   $resolvers,
  String[1]                                                   $timezone    = 'Etc/UTC',
  Array[String[1]]                                            $ntp_servers = [],
  Optional[String[1]]                                         $domain      = undef,
) {
  class { 'profile::base::packages':
    stage => 'setup',
  }

  include profile::users
  include profile::cron

  # Later keys win, so the site's settings go over the built-in ones.
  $kernel = { 'kernel.panic' => 10, 'fs.file-max' => 1 << 20 } + $sysctl
  $lines = $kernel.keys.sort.map |$key| { "${key} = ${kernel[$key]}" }

  file { '/etc/sysctl.d/60-site.conf':
    owner   => 0,
    group   => 0,
    mode    => '0644',
    content => "${lines.join("\n")}\n",
  }
  ~> exec { 'sysctl --system':
    path        => ['/usr/sbin', '/sbin'],
    refreshonly => true,
    logoutput   => on_failure,
  }

  file { '/etc/security/limits.d/site.conf':
    content => epp('profile/limits.epp', { 'limits' => $limits }),
  }

  file { '/etc/resolv.conf':
    content => inline_epp("<% if \$domain { %>search <%= \$domain %>\n<% } %><% \$resolvers.each |\$r| { -%>\nnameserver <%= \$r %>\n<% } -%>", {
      'domain'    => $domain,
      'resolvers' => $resolvers,
    }),
  }

  file { '/etc/localtime':
    ensure => link,
    target => "/usr/share/zoneinfo/${timezone}",
  }

  $ntp_servers.each |$at, $server| {
    $preferred = $at == 0
    profile::line { "ntp ${server}":
      file => '/etc/ntp-servers',
      line => if $preferred { "server ${server} prefer" } else { "server ${server}" },
    }
  }
}
