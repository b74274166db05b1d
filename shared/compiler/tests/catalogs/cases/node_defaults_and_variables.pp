$x = 'top'
node default { $x = 'node' File { mode => '0600' } include a }
class a { notify { "x is ${x}": } file { '/tmp/a': } }
