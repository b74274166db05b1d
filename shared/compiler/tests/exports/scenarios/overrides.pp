# What a collector sets on what it collects.
node exporter {
  @@file { '/a': ensure => file, mode => '0600', tag => 'first' }
  @@file { '/b': ensure => file }
}
node set { File <<| |>> { mode => '0644', owner => 'root' } }
node append { File <<| tag == 'first' |>> { tag +> 'second', mode +> '1' } }
node unset { File <<| |>> { mode => undef } }
node unknown { File <<| |>> { nonsense => 1 } }
node twice { File <<| title == '/a' |>> { mode => '0644' } File <<| |>> { mode => '0640', owner => 'root' } }
node in_class { include overriding }
class overriding { File <<| |>> { group => 'wheel' } }
node by_reference { File <<| |>> File['/a'] { mode => '0644' } }
node by_reference_new { File <<| |>> File['/a'] { owner => 'root' } }
node by_virtual { File <<| |>> File <| |> { mode => '0777' } }
node override_twice_same { File <<| |>> { mode => '0644' } File <| title == '/a' |> { mode => '0640' } }
