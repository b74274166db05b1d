define d { notify { "n ${name} t ${title}": } }
d { 'a': name => 'b' }
