@notify { 'a': message => 'Hello' }
Notify <| message == 'hELLO' |>
