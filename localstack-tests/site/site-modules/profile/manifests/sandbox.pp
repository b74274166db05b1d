# What any agent can apply: everything is below `demo::root`.
#
# @param notes Notes by name
# @param token A secret that ends in a file
class profile::sandbox (
  Hash[String[1], Demo::Memo] $notes = {},
  Sensitive[String[1]]        $token = Sensitive('s3cr3t'),
) {
  include demo

  $notes.each |$name, $note| {
    demo::note { $name:
      lines  => $note['lines'],
      mode   => $note.get('mode', '0644'),
      tags   => $note.get('tags', []),
      footer => "written for ${trusted['certname']}",
    }
  }

  @demo::note { ['virtual-a', 'virtual-b']:
    lines => ['collected by tag'],
    tag   => 'wanted',
  }
  @demo::note { 'never':
    lines => ['nobody collects this'],
  }
  Demo::Note <| tag == 'wanted' |> {
    mode => '0604',
  }

  $etc = demo::path($demo::root, 'etc')

  file { "${etc}/token":
    content => Sensitive("token=${token.unwrap}\n"),
    mode    => '0600',
  }

  file { "${etc}/facts.json":
    content => profile::json({
      'certname' => $trusted['certname'],
      'os'       => $facts['os'].filter |$key, $_| { $key in ['name', 'family'] },
      'role'     => $facts['demo_role'],
      'numbers'  => [1, 2.5, -3],
      'nothing'  => undef,
      'yes'      => true,
    }),
  }

  file { "${demo::root}/log/first":
    ensure  => file,
    content => "made once\n",
    replace => false,
  }

  settings_file { "${etc}/settings.conf":
    settings => {
      'name'   => $facts['networking']['hostname'],
      'limits' => { 'open' => 1024, 'share' => 0.75, 'strict' => true },
      'tags'   => ['a', 'b'],
    },
  }

  File["${etc}/token"] -> File["${etc}/facts.json"]
  Class['demo'] -> Settings_file["${etc}/settings.conf"]
}
