define d($x = 1) { notify { "x ${x}": } }
@d { 'a': }
D <| |> { x => 5 }
