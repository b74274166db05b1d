function demo::early($list) { $list.each |$x| { if $x > 2 { return($x) } } 'none' }
