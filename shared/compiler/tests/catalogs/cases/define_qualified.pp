define a::b::c { notify { "c ${title}": } }
a::b::c { 'x': }
A::B::C['x'] -> Notify['y']
notify { 'y': require => A::B::C['x'] }
