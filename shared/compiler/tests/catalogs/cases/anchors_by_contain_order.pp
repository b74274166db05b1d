class a { contain a::one contain a::two Class['a::one'] -> Class['a::two'] ~> Class['a::three'] contain a::three }
class a::one { notify { '1': } }
class a::two { notify { '2': } }
class a::three { notify { '3': } }
include a
