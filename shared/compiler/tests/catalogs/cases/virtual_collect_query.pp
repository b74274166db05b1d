@file { '/tmp/a': mode => '0644', owner => 'x' }
@file { '/tmp/b': mode => '0600', owner => 'x' }
@file { '/tmp/c': mode => '0600', owner => 'y' }
File <| mode == '0600' and owner == 'x' |>
