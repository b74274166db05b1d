#> alias in main manifest
type Small = Integer[0, 9]
notice(5 =~ Small, 10 =~ Small, Small)
#> alias of a module
notice(80 =~ Demo::Port, 0 =~ Demo::Port, {port => 80} =~ Demo::Config, {port => 0} =~ Demo::Config)
#> alias of the environment
notice('abc' =~ Name, 'A' =~ Name)
#> recursive alias
notice([1, [2, [3]]] =~ Demo::Tree, [1, 'a'] =~ Demo::Tree)
#> alias as parameter type
function p(Demo::Port $x) { $x }
notice(p(22))
#> alias as parameter type mismatch
function p(Demo::Port $x) { $x }
notice(p(0))
#> alias in lambda
notice([80].map |Demo::Port $p| { $p })
#> alias of struct mismatch
function p(Demo::Config $x) { $x }
notice(p({port => 0, host => 1}))
#> alias of variant
type Either = Variant[Integer, String]
notice(1 =~ Either, 1.5 =~ Either, Array[Either])
#> alias recursive in main
type Nested = Hash[String, Variant[String, Nested]]
notice({a => {b => 'c'}} =~ Nested, {a => {b => 1}} =~ Nested)
#> type function
notice(type(1), type('abc'), type([1, 'a']), type({a => 1}), type(undef), type(1.5, 'generalized'))
#> type of type
notice(Integer =~ Type, Integer =~ Type[Numeric], Type[Integer] == Type[Integer])
#> assert_type
notice(assert_type(Integer, 5))
#> assert_type failing
assert_type(Integer, 'x')
#> data types
notice([1, {a => undef}] =~ Data, [default] =~ Data, /x/ =~ RichData, 1 =~ Scalar)
#> not undef
notice(undef =~ NotUndef, '' =~ NotUndef[String])
#> unknown alias in type expression
notice(1 =~ Demo::Nope)
#> class with wrong type
class c(Integer $x) { }
class { 'c': x => 'a' }
#> alias to unknown type
type Broken = Nope
notice(1 =~ Broken)
#> alias is normalized
type Mixed = Variant[Pattern[/a/], Pattern[/b/], Enum[x], Enum[y]]
notice(Mixed, 'a' =~ Mixed)
assert_type(Mixed, 3)
#> variant in place is normalized
notice(Variant[Pattern[/a/], Pattern[/b/], Enum[x], Enum[y]])
#> alias of itself
type A = A
notice(1 =~ A)
#> aliases of one another
type A = B
type B = A
notice(1 =~ A)
#> alias of itself or more
type A = Variant[Integer, A]
notice(1 =~ A, 'x' =~ A)
#> alias of itself in a hash
type A = Hash[String, Variant[A, Integer]]
assert_type(A, { a => { b => 'c' } })
