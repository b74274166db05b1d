#> if elsif else
[1, 2, 3].each |$x| { if $x == 1 { notice('one') } elsif $x == 2 { notice('two') } else { notice('many') } }
#> if value
$v = if false { 1 }
$w = if true { 2 } else { 3 }
notice($v, $w)
#> empty branches
$v = if true { } else { 1 }
notice($v =~ Undef)
#> unless
unless false { notice('u') } else { notice('e') }
$x = unless true { 1 } else { 2 }
notice($x)
#> truth
[undef, '', 0, [], {}, 'false', default].each |$x| { if $x { notice('t') } else { notice('f') } }
#> case literals
[1, 'A', 2.0, true, undef, default, 'z'].each |$x| {
  case $x { 1: { notice('int') } 'a': { notice('a') } 2: { notice('two') } true: { notice('true') } undef: { notice('undef') } default: { notice('default') } }
}
#> case regexp with captures
case 'foobar' { /^foo(.*)/: { notice($0, $1) } default: { notice('no') } }
#> case types
[1, 'a', [1], undef].each |$x| { case $x { Integer: { notice('i') } String: { notice('s') } Array[Integer]: { notice('ai') } default: { notice('d') } } }
#> case array and hash options
case [1, 'B'] { [1, 'b']: { notice('match') } default: { notice('no') } }
case {a => 1} { {a => Integer}: { notice('by type') } default: { notice('no') } }
#> case array with regexp
case ['abc', 1] { [/b/, Integer]: { notice('yes') } default: { notice('no') } }
#> case several values and splat
$list = ['x', 'y']
case 'y' { 'a', *$list: { notice('in list') } default: { notice('no') } }
#> case without match
$v = case 5 { 1: { 'a' } }
notice($v =~ Undef)
#> case default in the middle
case 'q' { default: { notice('d') } 'q': { notice('q') } }
#> case value
$v = case 'x' { 'x': { 1 } default: { 2 } }
notice($v)
#> case string number
case '1' { 1: { notice('number') } default: { notice('no') } }
#> selector
notice('b' ? { 'a' => 1, 'B' => 2, default => 3 }, 5 ? { Integer => 'i', default => 'd' })
#> selector without match
$x = 'q'
notice($x ? { 'a' => 1 })
#> selector regexp captures
notice('hello' ? { /h(.)/ => "got ${1}", default => 'no' })
#> selector with undef value
notice(undef ? { undef => 'u', default => 'd' })
#> selector default first
notice('a' ? { default => 'd', 'a' => 'a' })
#> selector with splat
$l = ['p', 'q']
notice('q' ? { *$l => 'in', default => 'out' })
#> selector single
notice('a' ? 'a' => 'yes')
#> case captures do not leak
case 'abc' { /(b)/: { notice('m') } default: { } }
notice($1)
#> nested if value
notice(if true { if false { 1 } else { 'inner' } })
#> statement without value
$v = [1].each |$x| { }
notice($v)
