file { '/tmp/a': mode => '0644' }
File { owner => 'def' }
notify { "mode ${File['/tmp/a']['mode']} ${File['/tmp/a']['owner']} ${File['/tmp/a']['group']}": }
