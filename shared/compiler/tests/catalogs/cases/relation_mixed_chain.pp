notify { ['a', 'b', 'c', 'd', 'e']: }
Notify['a'] -> [Notify['b'], Notify['c']] ~> Notify <| title == 'd' |> -> Notify['e']
