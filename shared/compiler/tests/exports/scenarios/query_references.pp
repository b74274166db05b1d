# A reference as the value of a query.
node exporter {
  file { '/a': }
  @@notify { 'one': require => File['/a'] }
  @@notify { 'many': require => [File['/a'], Notify['local']] }
  notify { 'local': }
}
node q1 { file { '/a': } notify { 'local': } Notify <<| require == File['/a'] |>> }
node q2 { file { '/a': } notify { 'local': } Notify <<| require == 'File[/a]' |>> }
node q3 { file { '/a': } notify { 'local': } Notify <<| |>> }
