# One authorized key: a file of one line.
#
# @param path Directory of such files
# @param line The line
# @param owner Number of the owner
define ssh_authorized_key_line (
  String[1] $path,
  String[1] $line,
  Integer   $owner,
) {
  unless defined(File[$path]) {
    file { $path:
      ensure => directory,
      owner  => $owner,
      mode   => '0700',
    }
  }

  file { "${path}/${title.regsubst('[^A-Za-z0-9]', '_', 'G')}":
    content => "${line}\n",
    owner   => $owner,
    mode    => '0600',
  }
}
