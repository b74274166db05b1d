# What an exporter no longer says is gone; so is what a removed node said.
node exporter {
  if $facts['round'] < 3 { @@notify { 'kept': message => "round ${facts['round']}" } }
  if $facts['round'] == 1 { @@notify { 'dropped': } }
  if $facts['round'] == 4 { fail('broken') }
}
node second { @@notify { 'from second': } }
node collector { Notify <<| |>> }
