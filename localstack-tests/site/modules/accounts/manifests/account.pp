# One user with a home and keys.
#
# @param uid Number of the user
# @param comment Full name
# @param groups Groups besides the own
# @param shell Shell
# @param keys Public keys by name
# @param expiry When the account ends
define accounts::account (
  Integer[1000]              $uid,
  String                     $comment,
  Array[String]              $groups = [],
  Accounts::Shell            $shell  = '/bin/bash',
  Hash[String, String]       $keys   = {},
  Optional[String[1]]        $expiry = undef,
) {
  $home = accounts::home($name)

  user { $name:
    ensure     => present,
    uid        => $uid,
    comment    => $comment,
    groups     => $groups,
    membership => 'minimum',
    shell      => $shell,
    home       => $home,
    managehome => true,
    expiry     => $expiry,
  }

  $groups.each |$group| {
    realize(Group[$group])
    Group[$group] -> User[$name]
  }

  unless $keys.empty {
    file { "${home}/.ssh":
      ensure => directory,
      owner  => $uid,
      mode   => '0700',
    }

    $keys.each |$key, $value| {
      ssh_authorized_key_line { "${name}/${key}":
        path  => "${home}/.ssh/authorized_keys.d",
        line  => "ssh-ed25519 ${value} ${key}",
        owner => $uid,
      }
    }
  }
}
