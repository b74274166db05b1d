class base { file { '/tmp/a': owner => 'a' } }
class one inherits base { File['/tmp/a'] { owner => 'one' } }
class two inherits base { File['/tmp/a'] { owner => 'two' } }
include one, two
