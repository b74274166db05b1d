#> assign and read
$a = 1
$b = $a + 1
notice($a, $b)
#> unknown variable
notice($nope)
#> unknown variable in string
$a = "x ${nope} y"
#> unknown qualified variable
notice($demo::nope)
#> unknown top variable
notice($::nope)
#> class variable of unevaluated class
notice($demo::size)
#> class variable
include demo
notice($demo::size, $demo::inner, $::demo::label)
#> inherited class variables
include demo::child
notice($demo::child::inner)
#> reassign
$a = 1
$a = 2
#> reassign fact
$kernel = 'x'
#> reassign facts
$facts = 1
#> reassign trusted
$trusted = 1
#> assign server_facts
$server_facts = 1
#> facts in local scope
[1].each |$x| { $facts = 1 }
#> assign to other namespace
$a::b = 1
#> assign numeric
$1 = 'x'
#> assignment value
$a = $b = 3
notice($a, $b)
#> assignment of array
[$a, $b] = [1, 2]
notice($a, $b)
#> assignment of nested arrays
[$a, [$b, $c]] = [1, [2, 3]]
notice($a, $b, $c)
#> assignment of hash
[$a, $b] = {'a' => 1, 'b' => 2, 'c' => 3}
notice($a, $b)
#> assignment of array of wrong size
[$a, $b] = [1, 2, 3]
#> assignment of hash with missing key
[$a, $z] = {'a' => 1}
#> assignment of scalar to list
[$a] = 5
notice($a)
#> assignment from class
include demo
[$size, $label] = Class['demo']
notice($size, $label)
#> assignment from unknown class
[$size] = Class['demo']
#> assignment from class of unknown variable
include demo
[$nix] = Class['demo']
#> facts by path
notice($facts['os']['family'], $os['release']['major'], $facts['processors']['models'][1], $kernel)
#> facts missing key
notice($facts['os']['nope'], $facts['nope'])
#> facts below missing key
notice($facts['nope']['x'])
#> facts negative index
notice($facts['processors']['models'][-1], $facts['os']['cpus'][5])
#> facts through a variable
$o = $facts['os']
$r = $o['release']
notice($r['full'], $r)
#> facts whole
notice($facts['os'])
#> facts dig and get
notice($facts.dig('os', 'release', 'major'), $facts.get('os.release.full'), $facts.get('os.nope', 'd'), getvar('facts.os.name'))
#> trusted
notice($trusted['certname'], $trusted['authenticated'])
#> server facts
notice($server_facts['serverversion'])
#> fact false
notice($virtual, $facts['virtual'])
#> local variables of lambda shadow
$x = 1
[2].each |$x| { notice($x) $y = $x + 1 notice($y) }
notice($x)
#> local variable does not leak
[2].each |$x| { $y = 1 }
notice($y)
#> lambda sees outer variables
$x = 1
[2].each |$y| { notice($x + $y) }
#> reassign in lambda
[2].each |$x| { $x = 3 }
#> if does not make a scope
if true { $z = 4 }
notice($z)
#> numeric variables without match
notice($0, $1)
#> module_name at top
notice($module_name)
#> environment variable
notice($environment)
#> title is free at top
notice($title, $name)
#> function does not see local variables
$global_value = 7
[1].each |$global_value| { notice(demo::sees()) }
#> variable named like a keyword in braces
$if_x = 3
notice("${if_x}")
