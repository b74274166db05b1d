# A tree of settings as lines `a.b = value`, in the order of the tree.
function settings_file::render(Hash $tree, String $prefix = '', String $assign = ' = ') >> Array[String] {
  $tree.map |$key, $value| {
    $name = "${prefix}${key}"
    case $value {
      Hash:    { settings_file::render($value, "${name}.", $assign) }
      Array:   { "${name}${assign}${value.map |$item| { String($item) }.join(', ')}" }
      Boolean: { "${name}${assign}${settings_file::word($value)}" }
      Undef:   { "# ${name} is not set" }
      Numeric: { "${name}${assign}${value}" }
      default: { "${name}${assign}'${value}'" }
    }
  }.flatten
}
