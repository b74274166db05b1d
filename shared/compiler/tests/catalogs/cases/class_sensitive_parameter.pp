class a(Sensitive[String] $x) { notify { 'a': message => $x } }
class { 'a': x => Sensitive('s') }
