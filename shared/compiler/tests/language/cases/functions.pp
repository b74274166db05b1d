#> module function
notice(demo::double(21), 2.demo::double)
#> environment functions
notice(site_name(), environment::in_env(1))
#> recursion
notice(demo::fact(10))
#> defaults and rest
notice(demo::defaults('a'), demo::defaults('a', 'b'), demo::defaults('a', 'b', 1, 2))
#> return leaves the function
notice(demo::early([1, 2, 3, 4]), demo::early([1]))
#> wrong type
notice(demo::double('x'))
#> too few arguments
notice(demo::double())
#> too many arguments
notice(demo::double(1, 2))
#> with a block
notice(demo::double(1) |$x| { $x })
#> wrong return type
notice(demo::bad_return('x'))
#> wrong name in file
notice(demo::wrong_name())
#> unknown function
notice(nope(1))
#> unknown function as statement
nope(1)
#> unknown method
notice('a'.nope)
#> unknown qualified function
notice(demo::nope(1))
#> function in main manifest
function mine($a, $b = 2) { $a + $b }
notice(mine(1), mine(1, 5))
#> function with types in main manifest
function mine(String $a, Integer *$n) >> String { "${a}${n}" }
notice(mine('x', 1, 2), mine('y'))
#> function with types mismatch
function mine(String $a, Integer *$n) >> String { "${a}${n}" }
notice(mine('x', 'q'))
#> function missing argument
function mine($a, $b) { $a }
notice(mine(1))
#> function sees no local of caller
function mine() { $local }
[1].each |$local| { notice(mine()) }
#> endless recursion
function again($n) { again($n + 1) }
again(1)
#> fail
fail('oops', 1)
#> fail in nested expression
if true { $x = [1].map |$y| { fail("bad ${y}") } }
#> type call
notice(Integer('42'), String(5), Float('1.5'), Boolean('true'), Array({a => 1}), Integer('0x1F', 16))
#> type call with bad value
notice(Integer('abc'))
#> type call of parameterized type
notice(Integer[1, 5]('3'))
#> type call out of range
notice(Integer[1, 2]('3'))
#> statement calls without parentheses
notice 'a', 'b'
warning 'w'
#> all levels
debug('d')
info('i')
notice('n')
warning('w')
err('e')
alert('a')
crit('c')
emerg('m')
#> argument mismatch of a built-in
notice(join('a'))
#> argument count of a built-in
notice(length())
#> call with splat arguments
$args = ['%s-%s', 1, 2]
notice(sprintf(*$args))
#> call of a variable
$f = 'x'
notice($f.upcase)
#> error inside a function names its file
demo::bad_return(undef)
#> call function by name
notice(call('demo::double', 4))
#> undef argument
notice(demo::defaults(undef))
#> return type of recursion
function f(Integer $n) >> String { if $n == 0 { 'done' } else { f($n - 1) } }
notice(f(3))
#> duplicate function
function twice() { 1 }
function twice() { 2 }
notice(twice())
