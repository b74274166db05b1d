define n($left) { notify { "n ${title}": } if $left > 0 { n { "${title}x": left => $left - 1 } } }
n { 'a': left => 5 }
