['a', 'b'].each |$n| { notify { "n ${n}": } }
if true { notify { 'yes': } } else { notify { 'no': } }
