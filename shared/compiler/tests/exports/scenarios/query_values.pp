# What equals what: PuppetDB compares JSON values, whole.
define thing($n = undef, $b = undef, $list = undef, $hash = undef, $text = undef) {}
node exporter {
  @@thing { 'int': n => 1, b => true, list => [1, 'a'], hash => { 'a' => 1, 'b' => [true] }, text => 'a' }
  @@thing { 'float': n => 1.0, b => false, list => ['a'], hash => { 'b' => [true], 'a' => 1 }, text => 'A' }
  @@thing { 'string': n => '1', b => 'true', list => 'a', hash => {}, text => '' }
  @@thing { 'none': n => undef }
}
node q01 { Thing <<| n == 1 |>> }
node q02 { Thing <<| n == '1' |>> }
node q03 { Thing <<| n == 1.0 |>> }
node q04 { Thing <<| b == true |>> }
node q05 { Thing <<| b == 'true' |>> }
node q06 { Thing <<| b == false |>> }
node q07 { Thing <<| list == 'a' |>> }
node q08 { $list = [1, 'a'] Thing <<| list == $list |>> }
node q09 { $list = ['a', 1] Thing <<| list == $list |>> }
node q10 { $hash = { 'b' => [true], 'a' => 1 } Thing <<| hash == $hash |>> }
node q11 { Thing <<| n == undef |>> }
node q12 { Thing <<| n != 1 |>> }
node q13 { Thing <<| unknown != 'x' |>> }
node q14 { Thing <<| unknown == 'x' |>> }
node q15 { Thing <<| text == 'A' |>> }
node q16 { Thing <<| text == '' |>> }
node q17 { Thing <<| n != undef |>> }
node q18 { $hash = {} Thing <<| hash == $hash |>> }
