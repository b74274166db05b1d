Notify <| title == 'a' |> { message => 'set' }
@notify { 'a': }
notify { 'b': }
