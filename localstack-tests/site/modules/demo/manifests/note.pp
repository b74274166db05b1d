# A note: a file of lines below the demo's root.
#
# @param lines The text
# @param mode Permissions
# @param tags More tags
# @param footer Printed last, if given
define demo::note (
  Array[String[1], 1] $lines,
  Demo::Mode          $mode   = '0644',
  Array[String]       $tags   = [],
  Optional[String]    $footer = undef,
) {
  include demo

  $numbered = $lines.map |$index, $line| { sprintf('%2d. %s', $index + 1, $line) }
  $text = @("NOTE")
    == ${title.capitalize} ==

    ${numbered.join("\n")}
    ${$footer.then |$it| { "-- ${it}" }.lest || { '--' }}
    | NOTE

  file { demo::path($demo::root, 'notes', "${name}.txt"):
    ensure  => file,
    content => $text,
    mode    => $mode,
    tag     => ['note'] + $tags,
    require => File[demo::path($demo::root, 'notes')],
  }
}
