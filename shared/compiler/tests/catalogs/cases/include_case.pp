class a::b { notify { 'x': } }
include A::B
include '::A::b'
