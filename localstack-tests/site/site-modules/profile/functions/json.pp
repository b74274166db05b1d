# Data as JSON on one line. (Strings without control characters only.)
function profile::json(Data $value) >> String {
  $value ? {
    Undef   => 'null',
    String  => "\"${value.regsubst('(["\\\\])', '\\\\\1', 'G')}\"",
    Array   => "[${value.map |$item| { profile::json($item) }.join(', ')}]",
    Hash    => "{${value.map |$key, $item| { "\"${key}\": ${profile::json($item)}" }.join(', ')}}",
    default => String($value),
  }
}
