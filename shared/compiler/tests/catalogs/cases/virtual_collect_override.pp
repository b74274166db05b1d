@notify { 'a': message => 'old' }
notify { 'b': message => 'real' }
Notify <| title == 'a' |> { message => 'new', loglevel => 'info' }
Notify <| title == 'b' |> { message => 'changed' }
