#> each map filter reduce
[1, 2].each |$x| { notice($x) }
notice([1, 2].map |$x| { $x * 10 }, [1, 2, 3].filter |$x| { $x > 1 }, [1, 2, 3].reduce |$m, $x| { $m + $x })
#> each over hash
$h = {a => 1, b => 2}
$h.each |$k, $v| { notice("${k}=${v}") }
$h.each |$pair| { notice($pair) }
#> index and value
['a', 'b'].each |$i, $v| { notice("${i}:${v}") }
#> default parameters
notice([1].map |$x, $y = 5| { [$x, $y] })
#> captures rest
notice([[1, 2, 3]].map |$x| { $x }, with(1, 2, 3) |$a, *$rest| { [$a, $rest] })
#> typed parameters
notice([1, 2].map |Integer $x| { $x + 1 })
#> typed parameter mismatch
notice([1, 'a'].map |Integer $x| { $x + 1 })
#> typed rest mismatch
notice(with(1, 'b') |Integer *$all| { $all })
#> lambda missing argument
notice(with(1) |$a, $b| { $a })
#> lambda too many arguments
notice(with(1, 2) |$a| { $a })
#> lambda return type
notice(with(1) |$a| >> Integer { $a })
#> lambda return type mismatch
notice(with('x') |$a| >> Integer { $a })
#> next
notice([1, 2, 3].map |$x| { if $x == 2 { next('skipped') } $x })
#> next without value
notice([1, 2].map |$x| { next() 5 })
#> break
[1, 2, 3].each |$x| { if $x == 2 { break() } notice($x) }
#> break in map
notice([1, 2, 3].map |$x| { if $x == 3 { break() } $x })
#> break outside
break()
#> next outside
next()
#> return outside
return()
#> return in lambda at top
[1].each |$x| { return() }
#> return in class
include demo::returning
notice('end')
#> parameter default sees earlier parameter
notice(with(1) |$a, $b = $a + 1| { [$a, $b] })
#> parameter default sees later parameter
notice(with(1) |$a, $b = $c, $c = 1| { [$a, $b] })
#> parameter default assigns
notice(with(1) |$a, $b = if true { $z = 5 }| { [$a, $b] })
#> chained calls
notice([1, 2, 3].filter |$x| { $x > 1 }.map |$x| { $x * 2 })
#> closure sees later assigned variable
$l = [1].map |$x| { $q = $x }
notice($l)
#> nested lambdas
notice([1, 2].map |$x| { [3, 4].map |$y| { $x * $y } })
#> block given to a function without block
notice(sprintf('%d', 1) |$x| { $x })
#> each without block
notice([1].each)
#> each with wrong block
[1].each |$a, $b, $c| { notice('x') }
#> empty lambda
notice([1, 2].map |$x| { } =~ Array[Undef])
#> lambda with splat argument
notice(with(*[1, 2]) |$a, $b| { $a + $b })
#> reverse_each and step
notice([1, 2, 3].reverse_each.map |$x| { $x }, [1, 2, 3, 4].step(2).map |$x| { $x })
#> integer iteration
3.each |$x| { notice($x) }
#> range iteration
Integer[2, 4].each |$x| { notice($x) }
#> string iteration
'ab'.each |$c| { notice($c) }
#> then and lest
notice(5.then |$x| { $x + 1 }, undef.then |$x| { $x }, undef.lest || { 'l' })
#> error in lambda has the place of its expression
[1].each |$x| {
  notice($x +
    'a')
}
