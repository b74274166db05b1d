define d($x = 1) { notify { "x ${x}": } }
define late { D <| |> { x => 5 } }
d { 'a': }
late { 'l': }
