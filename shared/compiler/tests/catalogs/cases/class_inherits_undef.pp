class base { file { '/tmp/a': mode => '0644' } }
class child inherits base { File['/tmp/a'] { mode => undef } }
include child
