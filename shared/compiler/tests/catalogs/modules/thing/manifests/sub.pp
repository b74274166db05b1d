# Included from the same module.
class thing::sub {
  notify { "sub ${module_name} ${caller_module_name}": }
}
