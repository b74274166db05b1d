define file { notify { "mine ${title}": } }
file { '/tmp/x': }
