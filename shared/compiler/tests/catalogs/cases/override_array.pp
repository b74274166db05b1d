file { ['/tmp/a', '/tmp/b']: }
File['/tmp/a', '/tmp/b'] { mode => '0600' }
