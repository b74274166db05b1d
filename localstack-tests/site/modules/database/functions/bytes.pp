# An amount of memory in bytes.
function database::bytes(Database::Size $size) >> Integer[0] {
  if $size =~ /\A(\d+)(kB|MB|GB)\z/ {
    $shift = { 'kB' => 10, 'MB' => 20, 'GB' => 30 }[$2]
    Integer($1) << $shift
  } else {
    fail("not a size: ${size}")
  }
}
