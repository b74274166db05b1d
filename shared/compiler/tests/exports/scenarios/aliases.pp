# Other names of what is exported.
node exporter {
  @@file { 'named': path => '/named', ensure => file }
  @@notify { 'n': alias => 'also' }
  @@file { '/slash/': ensure => directory, alias => ['d2', 'd1'] }
}
node collector { File <<| |>> Notify <<| |>> file { '/other': require => [Notify['also'], File['/named'], File['d1']] } }
node conflict { notify { 'also': } Notify <<| |>> }
node conflict_path { file { '/named': } File <<| |>> }
node q1 { File <<| alias == '/named' |>> }
node q2 { File <<| path == '/named' |>> }
node q3 { Notify <<| alias == 'also' |>> }
