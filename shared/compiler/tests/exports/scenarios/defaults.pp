# Defaults of both scopes: the exporter's are exported, the collector's fill what is left.
node exporter {
  File { owner => 'exporter', mode => '0600', tag => 'defaulted' }
  @@file { '/a': mode => '0644' }
}
node collector {
  File { owner => 'collector', group => 'collector', tag => 'local' }
  File <<| |>>
}
node tagged { File <<| tag == 'defaulted' |>> }
class c { File { group => 'c' } File <<| |>> { backup => 'x' } }
node in_class { File { group => 'node', replace => false } include c }
