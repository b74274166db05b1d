notify { 'n': }
@notify { 'a': require => Notify['n'] }
@notify { 'b': }
Notify <| require == Notify['n'] |>
