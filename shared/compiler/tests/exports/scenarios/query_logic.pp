# and, or, != and parentheses.
node exporter {
  @@notify { 'a': message => 'x', loglevel => 'info', tag => 'one' }
  @@notify { 'b': message => 'x', loglevel => 'err', tag => 'two' }
  @@notify { 'c': message => 'y', loglevel => 'info', tag => ['one', 'two'] }
  @@notify { 'd': message => 'y', loglevel => 'err' }
}
node q1 { Notify <<| message == 'x' and loglevel == 'info' |>> }
node q2 { Notify <<| message == 'x' or loglevel == 'info' |>> }
node q3 { Notify <<| tag == 'one' and (message == 'y' or loglevel == 'info') |>> }
node q4 { Notify <<| (tag == 'one' and message == 'y') or loglevel == 'err' |>> }
node q5 { Notify <<| tag != 'one' |>> }
node q6 { Notify <<| title != 'a' and title != 'b' |>> }
node q7 { Notify <<| ((title == 'a')) or ((title == 'd') and (message != 'x')) |>> }
node q8 { $wanted = 'c' Notify <<| title == $wanted or title == "${wanted}c" |>> }
node q9 { Notify <<| message == x or message == 'x' and loglevel == 'err' and tag == 'one' |>> }
