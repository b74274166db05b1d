define d { notify { "noop is ${noop}": } }
d { 'x': noop => true }
