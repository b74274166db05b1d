# Both kinds of collectors on the same type.
node exporter { @@notify { 'e': tag => 't' } }
node both { @notify { 'v': tag => 't' } Notify <| tag == 't' |> Notify <<| tag == 't' |>> }
node chain { @notify { 'v': tag => 't' } Notify <| title == 'v' |> -> Notify <<| tag == 't' |>> -> Notify <| title == 'none' |> }
node only_virtual { Notify <| |> }
node late { late { 'x': } }
define late { Notify <<| |>> late::inner { 'y': } }
define late::inner { Notify <| title == 'e' |> { message => 'late' } }
