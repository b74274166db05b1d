# Applies anywhere: one directory, no package, no service.
class role::sandbox {
  include profile::sandbox
}
