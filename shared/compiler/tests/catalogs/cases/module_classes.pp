include thing
thing::item { 'one': size => 2 }
