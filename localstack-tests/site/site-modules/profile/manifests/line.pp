# A line of a file that is assembled from directories of lines.
#
# @param file The file
# @param line The line
define profile::line (
  String[1] $file,
  String[1] $line,
) {
  $dir = "${file}.d"
  if !defined(File[$dir]) {
    file { $dir: ensure => directory }
  }
  file { "${dir}/${name.regsubst('\W+', '-', 'G')}":
    content => "${line}\n",
    require => File[$dir],
  }
}
