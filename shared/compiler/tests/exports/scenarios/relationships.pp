# Relationships from, to and between what is collected.
node exporter {
  @@notify { 'a': tag => 'n' }
  @@notify { 'b': require => Notify['a'], tag => 'n' }
  @@file { '/f': ensure => file, notify => Notify['late'], tag => 'f' }
}
node exporter2 { @@notify { '0': tag => 'n' } @@notify { 'z': tag => 'n' } }
node to_reference { notify { 'late': } notify { 'end': } Notify <<| tag == 'n' |>> -> Notify['end'] }
node between { notify { 'late': } Notify <<| tag == 'n' |>> ~> File <<| |>> }
node empty_between { notify { 'x': } notify { 'y': } Notify['x'] -> Notify <<| tag == 'none' |>> -> Notify['y'] }
node mixed { notify { 'late': } @notify { 'v': tag => 'v' } Notify <| tag == 'v' |> -> File <<| |>> -> Notify <<| tag == 'n' |>> }
node missing { File <<| |>> }
node reversed { notify { 'late': } notify { 'end': } Notify['end'] <- Notify <<| tag == 'n' and title != 'b' |>> }
node partial { Notify <<| title == 'b' |>> }
node required { file { '/g': require => Notify['a'] } Notify <<| tag == 'n' |>> }
