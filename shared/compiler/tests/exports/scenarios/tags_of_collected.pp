# Which tags the collected has, and what can be asked of it then.
class site { @@notify { 'n': tag => ['x', 'Y'] } }
node exporter { include site }
class gather { Notify <<| |>> }
node collector { include gather Notify <| tag == 'site' |> { message => 'site' } Notify <| tag == 'x' |> { message => 'x' } }
node again { tag('local') Notify <<| |>> Notify <| tag == 'local' |> { message => 'local' } }
node republishes { Notify <<| tag == 'site' |>> { tag +> 'more' } @@notify { 'own': } }
