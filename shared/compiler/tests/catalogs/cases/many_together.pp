class base($packages = ['vim', 'git']) {
  package { $packages: ensure => installed }
  File { owner => 'root', group => 'root' }
  file { '/etc/base': ensure => directory }
  -> file { '/etc/base/conf': content => "x\n", mode => '0644' }
  ~> service { 'based': ensure => running, enable => true }
  @user { 'alice': uid => 1001, tag => 'admin' }
  @user { 'bob': uid => 1002 }
}
class site inherits base {
  File['/etc/base/conf'] { mode => '0600' }
  User <| tag == 'admin' |>
  Package <| |> -> File['/etc/base']
}
node default { include site }
