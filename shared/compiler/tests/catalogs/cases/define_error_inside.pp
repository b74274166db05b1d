define d {
  notify { "${nosuch}": }
}
d { 'a': }
