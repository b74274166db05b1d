# A boolean as configuration files spell it.
function settings_file::word(Boolean $flag, Array[String, 2, 2] $words = ['on', 'off']) >> String {
  if $flag { $words[0] } else { $words[1] }
}
