class demo::child inherits demo {
  notice("child sees ${inner} and ${demo::size}")
}
