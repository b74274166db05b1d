#> array index
$a = [10, 20, 30]
notice($a[0], $a[-1], $a[3], $a[-4])
#> array slices
$a = [1, 2, 3, 4, 5]
notice($a[1, 2], $a[-2, 2], $a[1, -1], $a[0, -2], $a[9, 1], $a[-9, 5])
#> array with string index
$a = [1]
notice($a['0'])
#> array with bad index
$a = [1]
notice($a['x'])
#> array with float index
$a = [1]
notice($a[1.5])
#> array with three keys
$a = [1]
notice($a[1, 2, 3])
#> array with undef index
$a = [1]
notice($a[undef])
#> hash
$h = {'a' => 1, 'b' => 2, 1 => 'one'}
notice($h['a'], $h['x'], $h[1], $h['a', 'x', 'b'])
#> nested
$h = {'a' => {'b' => [1, {'c' => 'deep'}]}}
notice($h['a']['b'][1]['c'])
#> string index
$s = 'hello'
notice($s[0], $s[-1], $s[1, 3], $s[9], $s[1, -2], $s['1'])
#> string index of wrong type
$s = 'hello'
notice($s['x'])
#> string index float
notice('abc'[1.2])
#> string index array
notice('abc'[[1, 2]])
#> string index undef
notice('abc'[undef])
#> undef
$u = undef
notice($u['a'])
#> integer
$i = 5
notice($i[0])
#> boolean
notice(true[0])
#> type parameters
notice(Integer[1, 2], String[1], Array[Integer, 0, 3], Hash[String, Integer], Variant[Integer, String], Enum[a, b], Pattern[/a/, 'b'], Tuple[Integer, String], Optional[Integer], Type[Integer], Callable[Integer], Boolean[true])
#> type parameters bad
notice(Integer['a'])
#> type parameters too many
notice(Integer[1, 2, 3])
#> array type bad
notice(Array[1, 2, 3])
#> enum bad
notice(Enum[1])
#> hash type one
notice(Hash[String])
#> resource references
notice(File['/a', '/b'], Resource[File], Resource['file', '/x'], Class['a', 'b'], Class[a], Resource[File]['/x'])
#> resource reference of number
notice(File[1])
#> class reference bad name
notice(Class['A-b'])
#> class reference number
notice(Class[1])
#> unknown type
notice(Nope)
#> unknown type with key
notice(Nope['x'])
#> attribute of unknown resource
notice(File['/nope']['mode'])
#> struct
notice({a => 1} =~ Struct[{a => Integer}], {a => 1, b => 2} =~ Struct[{a => Integer}], {} =~ Struct[{Optional[a] => Integer}])
#> optional string
notice('a' =~ Optional['a'], 'b' =~ Optional['a'])
#> interpolated access
$h = {'k' => 'v'}
$k = 'k'
notice("${h[$k]} ${h['k'][0]}")
