# A defined type.
define thing::item(Integer $size) {
  notify { "item ${title} ${size} ${module_name} ${caller_module_name}": }
}
