notify { ['a', 'b']: }
Notify['a'] -> File <| |> -> User <| |> -> Notify['b']
