notify { ['a', 'b', 'c']: }
file { '/tmp/x': }
File <| |> -> Notify <| title == 'a' or title == 'b' |>
Notify <| title == 'c' |> ~> File['/tmp/x']
