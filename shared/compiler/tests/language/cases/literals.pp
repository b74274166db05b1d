#> integers
notice(1, 0777, 0xff, -5)
#> numbers of all radixes
notice(10, 0x1F, 017, 1.5, 1e3, 2.5e-3)
#> booleans undef default
notice(true, false, undef, default)
#> nested collections print
notice([1, [2, 'a'], {b => [true, undef]}], {'k' => {1 => 2}})
#> types print
notice(Integer, Integer[1, 5], Array[String, 1], Optional['a'], File['/x'], Class['a::b'], Struct[{a => Integer}])
#> regexp prints
notice(/a\/b/, [/x/])
#> single and double quotes
notice('a\nb $x \'q\'', "tab\tnl\\n \$x \u{41}")
#> interpolation of expressions
$a = {'k' => [1, 2]}
notice("v=${a['k'][1]} ${1 + 2} ${[1,2].map |$x| { $x * 2 }} $a")
#> interpolation of undef and bool
notice("${[undef]} ${[true]} ${[default]}")
#> interpolation of floats
notice("${[1.0, 1.5e20, 0.1, 1e-7, 1e16, 123456789.125]}")
#> interpolation with keyword variable and method
$name_x = 'abc'
notice("${name_x.length} ${name_x[0]}")
#> interpolation of qualified variable
include demo
notice("${demo::size} $demo::label ${::kernel} $::kernel")
#> heredoc plain and interpolated
$x = 5
$t = @("END")
  one ${x}
    two
  | END
notice($t)
#> heredoc escapes and no newline
$t = @(END/L)
  a \
  b
  |-END
notice("<${t}>")
#> heredoc json ok
$v = 1
notice(@("X":json))
  {"a": ${v}}
  | X
#> heredoc json invalid
$v = '}'
notice(@("X":json))
  {"a": ${v}}
  | X
#> array with splat
$a = [1, 2]
notice([0, *$a, *{b => 3}, *4, *undef])
#> trailing hash in array
notice([1, a => 2, b => 3])
#> hash keys of all kinds
notice({1 => 'a', 'b' => 2, [1] => 3, undef => 4, true => 5}[undef])
#> sensitive prints redacted
notice(Sensitive('secret'), [Sensitive(1)])
#> reserved word
$x = private
#> empty program

#> only comment
# nothing
#> deferred as text
notice(Deferred('a'), Deferred('a', []), Deferred('a', [1]))
