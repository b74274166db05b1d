# What goes wrong with a query.
node exporter { @@notify { 'x': } }
node regex { $r = /x/ Notify <<| title == $r |>> }
node sensitive { $r = Sensitive('x') Notify <<| title == $r |>> }
node hash_title { $r = { 'a' => 1 } Notify <<| title == $r |>> }
node number_title { Notify <<| title != 1 |>> }
node tag_hash { $r = { 'a' => 1 } Notify <<| tag == $r |>> }
node tag_reference { Notify <<| tag == Notify['x'] |>> }
node bare { Notify <<| title |>> }
node swapped { Notify <<| 'x' == title |>> }
node deep { Notify <<| (title == 'x') and ('a' == 'b') |>> }
