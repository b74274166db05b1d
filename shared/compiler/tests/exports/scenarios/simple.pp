# Tags, place and flag of what is collected.
node exporter {
  @@notify { 'hello': message => 'from exporter' }
  @@file { '/etc/x': ensure => file, mode => '0644', tag => ['Web', 'a::b'] }
}
node collector {
  Notify <<| |>>
  File <<| tag == 'web' |>> { owner => 'root' }
}
