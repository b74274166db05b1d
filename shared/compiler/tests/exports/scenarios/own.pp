# A node's own exported resources.
define pair($x = 1) { notify { "pair ${title}": } }
node collects { @@notify { 'own': tag => 'a' } @@notify { 'other': tag => 'b' } @@pair { 'p': } Notify <<| tag == 'a' |>> Pair <<| |>> }
node plain { @@notify { 'left': } }
node virtual { @@notify { 'v': } @notify { 'w': } Notify <| |> }
node realizes { @@notify { 'r': } realize(Notify['r']) }
node overrides { @@notify { 'o': message => 'x', tag => 'o' } Notify <<| tag == 'o' |>> { message => 'y' } }
node own_first { @@notify { 'mine': } Notify <<| tag == 'own_first' or title == 'left' |>> -> file { '/after': } }
node own_list { $l = ['a'] @@file { '/l': audit => ['mode', 'owner'] } File <<| audit == 'mode' |>> }
node foreign_list { File <<| audit == 'mode' |>> }
node own_sensitive { @@file { '/s': content => Sensitive('x') } File <<| |>> }
