# Where a user lives.
function accounts::home(String[1] $name) >> String[1] {
  $name ? {
    'root'    => '/root',
    /\A_(.+)/ => "/var/lib/${1}",
    default   => "/home/${name}",
  }
}
