# Two nodes that collect from each other.
define link($from) { @@notify { "${from} saw ${title}": tag => 'seen' } }
node a { @@link { 'a': from => 'a' } Link <<| title == 'b' |>> { noop => true } Notify <<| title == 'b saw a' |>> }
node b { @@link { 'b': from => 'b' } Link <<| title == 'a' |>> Notify <<| title == 'b saw b' |>> }
