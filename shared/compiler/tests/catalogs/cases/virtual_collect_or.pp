@notify { 'a': message => '1' }
@notify { 'b': message => '2' }
@notify { 'c': message => '3' }
Notify <| title == 'a' or (message != '2' and title == 'c') |>
