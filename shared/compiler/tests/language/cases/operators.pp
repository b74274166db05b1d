#> arithmetic
notice(1 + 2, 5 - 7, 3 * 4, 7 / 2, -7 / 2, 7 % 3, -7 % 3, 7.0 / 2, 2 * 1.5, 1 << 4, 256 >> 2)
#> precedence
notice(1 + 2 * 3, (1 + 2) * 3, -2 + 3, !true or true, 1 + 2 == 3 and 2 < 3)
#> float results
notice(0.1 + 0.2, 1.0 * 3, 10 / 4.0, 1e10 * 1e10)
#> string plus number is an error
notice('1' + 1)
#> number plus string
notice(1 + 'a')
#> add undef
notice(1 + undef)
#> add bool
notice(true + 1)
#> division by zero
notice(1 / 0)
#> modulo by zero
notice(1 % 0)
#> modulo of float
notice(1.5 % 2)
#> modulo by float
notice(5 % 1.5)
#> overflow
notice(9223372036854775807 + 1)
#> negate
$x = 5
notice(-$x, - 3.5)
#> negate string
$x = 'a'
notice(-$x)
#> negate number string
$x = '5'
notice(-$x)
#> arrays
notice([1] + [2], [1] + 2, [1] + {a => 1}, [1, 2, 1] - [1], [1] << [2], [1, 2] - 2)
#> hashes
notice({a => 1} + {b => 2}, {a => 1} + [b, 2], {a => 1} + [[b, 2]], {a => 1, b => 2} - [a], {a => 1, b => 2} - {b => 0})
#> hash plus scalar
notice({a => 1} + 1)
#> hash append
notice({a => 1} << 1)
#> hash times
notice({a => 1} * 2)
#> comparison of numbers
notice(1 < 2, 2 <= 2, 1.0 == 1, 3 > 4, 3 >= 3, 1 != 2)
#> comparison of strings ignores case
notice('a' == 'A', 'a' < 'B', 'abc' != 'ABC', 'b' > 'A')
#> comparison of collections
notice([1, 'A'] == [1, 'a'], {a => 'X'} == {a => 'x'}, [1] == 1, undef == '', undef == undef)
#> comparison not possible
notice(1 < 'a')
#> comparison of arrays not possible
notice([1] < [2])
#> comparison of undef
notice(undef < 1)
#> comparison of types
notice(Integer < Numeric, Integer[1, 2] <= Integer, Integer > String, Integer == Integer[default, default], String >= Enum[a])
#> match of string
notice('abc' =~ /b(c)/, $0, $1, 'abc' !~ /z/)
#> match with string pattern
notice('abc' =~ 'b.')
#> match of type
notice(5 =~ Integer, 'a' =~ Integer, [1] =~ Array[Integer], undef =~ Optional[String], 5 !~ Integer[1, 3])
#> match of number with regexp
notice(1 =~ /a/)
#> match with number
notice('a' =~ 1)
#> match with bad pattern
notice('a' =~ '(')
#> match of version range
notice(SemVer('1.2.3') =~ SemVerRange('>=1.0.0'))
#> captures end with the if
if 'abc' =~ /(b)/ { notice($1) }
notice($1)
#> captures stay in the scope
$r = 'abc' =~ /(b)(x)?/
notice($0, $1, $2)
#> captures of elsif
if 'abc' =~ /(x)/ { notice('no') } elsif 'abc' =~ /(c)/ { notice($1) } else { notice('no') }
#> failed match keeps former captures
$r = 'abc' =~ /(b)/
$s = 'abc' =~ /(x)/
notice($1)
#> captures visible in lambda
if 'abc' =~ /(b)/ { [1].each |$x| { notice($1) if 'z' =~ /(z)/ { notice($1) } notice($1) } }
#> in
notice('a' in ['A', 'b'], 'x' in 'xyz', 'X' in 'xyz', 2 in [1, 2], 'k' in {'k' => 1}, /b/ in 'abc', /z/ in ['a', 'b'], Integer in [1])
#> in with captures
if /(b)/ in 'abc' { notice($1) }
#> in number and string
notice(1 in 'a1', '1' in [1], undef in [undef])
#> and or short circuit
notice(false and fail('x'), true or fail('x'), true and 'a', undef or false)
#> not
notice(!undef, !'', !0, !false)
#> relationship of non resources
'a' -> 'b'
#> shift of negative
notice(1 << -1, 8 >> -1)
#> array minus hash
notice([[a, 1], 2] - {a => 1})
#> unary splat of string in call
notice(*['a', 'b'])
