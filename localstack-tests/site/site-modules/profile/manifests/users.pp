# Administrators on every machine, others by role.
class profile::users {
  include accounts

  # Those who administrate, and the group of the machine's role.
  Accounts::Account <| groups == 'admin' |>
  Group <| tag == 'group-admin' |>

  case $facts['demo_role'] {
    'db': {
      Accounts::Account <| title == 'carol' |> {
        shell => '/bin/sh',
      }
    }
    'bastion': {
      # Everyone may pass through, but nobody stays.
      Accounts::Account <| title != 'alice' and uid != 2001 |>
      realize(Accounts::Account['dave'])
    }
    /\Aweb/, 'mon': {
      Accounts::Account <| groups == 'ops' or title == 'bob' |>
    }
    default: {
      notice("no more users on ${trusted['certname']}")
    }
  }
}
