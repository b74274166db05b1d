File['/tmp/nosuch'] { mode => '0600' }
File['/tmp/other'] { mode => '0600' }
