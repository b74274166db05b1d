$x = 'b'
@notify { ['ab', 'c']: }
Notify <| title == "a${x}" |>
