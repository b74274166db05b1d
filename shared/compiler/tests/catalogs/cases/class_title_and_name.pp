class a::b { notify { "${title} ${name} ${module_name} ${caller_module_name}": } }
class a { include a::b }
include a
notify { "top ${title} ${name}": }
