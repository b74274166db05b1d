# Exports by functions and in blocks; tags by function.
class tagging { tag('by_function') @@notify { 'tagged': } }
node exporter {
  include tagging
  create_resources('@@notify', { 'created' => { 'message' => 'c' } }, { 'loglevel' => 'info' })
  ['x', 'y'].each |$name| { @@notify { "each ${name}": } }
  if true { @@notify { ['list 1', 'list 2']: message => 'l' } }
  @@notify { default: loglevel => 'debug'; 'body 1': ; 'body 2': loglevel => 'err' }
  Notify['each x'] -> Notify['each y']
}
node q1 { Notify <<| tag == 'by_function' |>> }
node q2 { Notify <<| title != 'each x' and title != 'each y' |>> }
node q3 { Notify <<| title == 'each x' |>> }
