file { '/tmp/a': }
notify { "x ${File['/tmp/a']['colour']}": }
