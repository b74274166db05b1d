# Web servers of all data centers.
node /^web\d+\.(ams|fra)\.example\.test$/ {
  $site = $1
  class { 'role::web':
    datacenter => $site,
  }
}

node 'db01.ams.example.test', 'db02.ams.example.test' {
  include role::database
}

node 'db03.fra.example.test' {
  class { 'role::database':
    primary => 'db01.ams.example.test',
  }
}

node /^bastion/ {
  include role::bastion
}

node 'mon01.ams.example.test' {
  include role::monitoring
}

# Safe for any agent: it touches nothing outside of one directory, `demo::root` in Hiera.
node default {
  include role::sandbox
}
