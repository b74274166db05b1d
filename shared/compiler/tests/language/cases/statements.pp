#> class with parameters
class a($x = 1, $y = $x + 1) { notice($x, $y) }
include a
#> class not found
include nope
#> class missing parameter
class a($x) { }
include a
#> define
define d($x, $y = "${title}-${x}") { notice($title, $name, $x, $y) }
d { ['p', 'q']: x => 1 }
#> definition has no value
class z { }
define zz() { }
notice('ok')
#> nested class
class outer { class inner { notice('inner') } include outer::inner }
include outer
#> error in class has its place
class a {
  notice($missing)
}
include a
#> error in define has its place
define d() {
  fail("in ${title}")
}
d { 'x': }
#> class evaluated once
include demo
include demo
notice('done')
#> syntax error
notice(1
#> syntax error in the middle
notice(1)
if { }
#> several validation errors
$a = 1
class b { node x { } }
import foo
#> idem expression
1
notice('x')
#> node default
node default { notice('node') $n = 1 include c }
class c { notice($n) }
#> scope label of logs
class lab { notice('in class') }
include lab
notice('top')
#> duplicate class
class a { }
class a { }
#> undef title
notify { undef: }
