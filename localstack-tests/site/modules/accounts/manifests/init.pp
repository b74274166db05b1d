# Users and groups of the site, virtual until a profile collects them.
#
# @param users Users by name
# @param extra_groups Groups that no user names
class accounts (
  Hash[String[1], Accounts::User] $users        = {},
  Array[String[1]]                $extra_groups = ['admin'],
) {
  $named = $users.reduce([]) |$memo, $entry| { $memo + $entry[1].get('groups', []) }
  $groups = ($named + $extra_groups).unique.sort

  $groups.each |Integer $index, String $group| {
    @group { $group:
      ensure => present,
      gid    => 3000 + $index,
      tag    => ['accounts', "group-${group}"],
    }
  }

  $users.each |$name, $user| {
    @accounts::account { $name:
      * => $user.filter |$key, $_| { !($key in ['managed']) },
    }
  }
}
