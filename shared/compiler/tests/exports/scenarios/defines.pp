# Defined types are exported with their parameters, not with what they contain.
define vhost($port = 80, $servers = ["${title}.example.org"], String $kind = 'plain') {
  file { "/etc/${title}": content => "${port} ${kind} ${servers.join(',')}" }
  @@notify { "exported by ${title}": }
}
define outer { vhost { "${title}-in": } }
node exporter {
  @@vhost { 'a': port => 8080 }
  @@outer { 'o': }
  vhost { 'real': }
}
node collector { Vhost <<| |>> Outer <<| |>> { noop => true } Notify <<| |>> }
node wrong { Vhost <<| |>> { kind => 1 } }
node unknown { Vhost <<| |>> { nonsense => 1 } }
node reader { Notify <<| |>> }
