# Several exporters, several collectors: the order of what is collected.
node m { @@notify { 'm1': } @@notify { 'm0': } @@file { '/m': } }
node a { @@notify { 'z': } @@file { '/a': } }
node 'b' { @@notify { 'b': } }
node collector {
  notify { 'own before': }
  @@notify { 'own exported': }
  Notify <<| |>> -> file { '/last': }
  File <<| |>>
  notify { 'own after': }
  Notify <<| title == 'b' |>>
}
