class base { file { '/tmp/a': owner => 'a' } }
class child inherits base { include grand }
class grand inherits child { File['/tmp/a'] { owner => 'g' } }
include child
