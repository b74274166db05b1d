@notify { 'a': tag => 'x' }
@notify { 'b': tag => ['y', 'z'] }
class c { @notify { 'in c': } }
include c
Notify <| tag == 'z' or tag == 'c' |>
