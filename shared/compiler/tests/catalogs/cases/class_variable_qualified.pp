class a { $v = 'va' }
include a
notify { "v ${a::v} ${::a::v}": }
