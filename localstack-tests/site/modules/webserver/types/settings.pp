# Settings of the server.
type Webserver::Settings = Struct[{
  worker_connections => Integer[1],
  gzip               => Boolean,
  log                => Struct[{
    format          => Enum['combined', 'json'],
    level           => Enum['debug', 'info', 'warn', 'error'],
    Optional[extra] => Array[String],
  }],
}]
