# One directory, and what lies in it.
#
# @param root Absolute path of the directory; everything of this module is below it
# @param greeting First line of the welcome
# @param motto Last line of the welcome
# @param directory_mode Permissions of directories
# @param labels Labels of this machine
class demo (
  Demo::Path   $root,
  String[1]    $greeting,
  String       $motto          = '',
  Demo::Mode   $directory_mode = '0750',
  Demo::Labels $labels         = {},
) {
  # Defaults of this scope and what it contains.
  File {
    mode => '0640',
  }

  file {
    default:
      ensure => directory,
      mode   => $directory_mode,
    ;
    $root:
      tag => 'demo-root',
    ;
    ['etc', 'notes', 'bin', 'log'].map |$name| { demo::path($root, $name) }:
      # contained in the root: the agent orders them by their paths
    ;
  }

  contain demo::welcome
  contain demo::files

  Class['demo::welcome'] -> Class['demo::files']
}
