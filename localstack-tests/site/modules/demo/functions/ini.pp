# A hash of sections as the text of an ini file, sections and keys sorted.
function demo::ini(Hash[String, Hash[String, Scalar]] $sections) >> String {
  $sections.keys.sort.map |$section| {
    $lines = $sections[$section].keys.sort.map |$key| { "${key} = ${sections[$section][$key]}" }
    (["[${section}]"] + $lines).join("\n")
  }.join("\n\n").regsubst(/\z/, "\n")
}
