# A module for tests: names of modules in scopes.
class thing($message = "from ${module_name}") {
  notify { "thing ${message} ${caller_module_name}": }
  include thing::sub
}
