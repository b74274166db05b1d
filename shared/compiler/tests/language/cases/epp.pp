#> template with parameters
notice(epp('demo/plain.epp', {name => 'World'}))
#> template with all parameters
notice(epp('demo/plain', {'name' => 'World', 'count' => 1}))
#> template without required parameter
notice(epp('demo/plain.epp', {}))
#> template with wrong type
notice(epp('demo/plain.epp', {name => 5}))
#> template with unknown parameter
notice(epp('demo/plain.epp', {name => 'x', other => 1}))
#> template sees globals
notice(epp('demo/global.epp'))
#> unknown template
notice(epp('demo/nope.epp'))
#> unknown template module
notice(epp('nope/nope.epp'))
#> inline sees locals
[1].each |$x| { notice(inline_epp('x=<%= $x %>')) }
#> inline with parameters
notice(inline_epp('<%- | $a, $b = 2 | -%><%= $a %>-<%= $b %>', {a => 1}))
#> inline with arguments and no declaration
notice(inline_epp('<%= $q %>', {q => 'v'}))
#> inline loop
notice(inline_epp("<% [1,2].each |\$i| { %>[<%= \$i %>]<% } %>"))
#> inline sensitive
notice(inline_epp('pw=<%= Sensitive("s") %>'))
#> inline unknown variable
notice(inline_epp('a <%= $nope %>'))
#> inline syntax error
notice(inline_epp('a <%= if %>'))
#> template in define
define d($x) { notice(epp('demo/global.epp')) notice(inline_epp('<%= $x %> <%= $title %>')) }
d { 't': x => 5 }
