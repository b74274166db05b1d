# Tags of the exporter's containers count, in any case; only strings can be asked for.
class role::web { include profile::site }
class profile::site {
  @@notify { 'inner': tag => 'Mixed' }
  profile::part { 'p': }
}
define profile::part { @@notify { 'deep': } }
node exporter { include role::web @@notify { 'outer': } }
node q1 { Notify <<| tag == 'MIXED' |>> }
node q2 { Notify <<| tag == 'role::web' |>> }
node q3 { Notify <<| tag == 'profile' |>> }
node q4 { Notify <<| tag == 'exporter' |>> }
node q5 { Notify <<| tag == 'deep' |>> }
node q6 { Notify <<| tag == 'notify' and tag != 'profile::part' |>> }
node q7 { $tags = ['mixed', 'deep'] Notify <<| tag == $tags |>> }
node q8 { Notify <<| tag == 1 |>> }
node q9 { Notify <<| tag == true |>> }
node q10 { Notify <<| tag == undef |>> }
node q11 { Notify <<| tag != 1 |>> }
node q13 { $tags = ['mixed', 'deep'] Notify <<| tag != $tags |>> }
