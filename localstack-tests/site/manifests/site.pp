# Resource defaults of the site. A file that changes is kept in the server's bucket.
File {
  backup => 'main',
}

filebucket { 'main':
  path => false,
}

# Packages are installed before the services that need them.
Package <| tag == 'prerequisite' |> -> Service <| tag == 'managed' |>

stage { 'setup':
  before => Stage['main'],
}
