# Watches the others.
class role::monitoring {
  include profile::base
  include profile::monitoring
  include profile::web
}
