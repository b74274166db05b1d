class a { notify { 'n': message => 'old' } }
include a
Notify <| title == 'n' |> { message => 'new' }
Notify <| title == 'n' |> { message => 'newer' }
