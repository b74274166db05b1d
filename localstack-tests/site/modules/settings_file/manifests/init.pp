# Settings in a file.
#
# @param settings The tree
# @param path The file; by default the title
# @param mode Its permissions
define settings_file (
  Hash   $settings,
  String $path = $title,
  String $mode = '0644',
) {
  file { $path:
    ensure  => file,
    mode    => $mode,
    content => settings_file::render($settings).reduce('') |$text, $line| { "${text}${line}\n" },
  }
}
