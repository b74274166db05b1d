define d { notify { "d ${title}": } }
@d { 'a': }
notify { 'first': }
Notify['first'] -> D <| |>
