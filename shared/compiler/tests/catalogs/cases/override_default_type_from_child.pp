class base { File { mode => '0644' } file { '/tmp/a': } }
class child inherits base { File['/tmp/a'] { mode => '0600' } }
include child
