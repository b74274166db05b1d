# Names that are not the title, of types with one, several and no unique name.
define thing() {}
node exporter {
  @@package { 'p': name => 'q', provider => 'apt' }
  @@exec { 'e': command => '/bin/true', alias => 'also' }
  @@user { 'u': name => 'v' }
  @@thing { 't': name => 'n' }
  @@notify { 'n': name => 'm' }
  @@file { '/f': path => '/f/' }
}
node collector {
  Package <<| |>> Exec <<| |>> User <<| |>> Thing <<| |>> Notify <<| |>> File <<| |>>
}
node q1 { User <<| name == 'v' |>> }
node q2 { User <<| title == 'u' and name != 'u' |>> }
node q3 { user { 'v': } User <<| |>> }
node q4 { exec { '/bin/true': } Exec <<| |>> }
