# Where people log in from outside.
class role::bastion {
  contain profile::base
  contain profile::bastion
}
