class demo($size = 3, $label = "size ${size}") {
  $inner = "inner of ${label}"
  notice($inner, $title, $module_name)
}
