class a { tag('blue') if tagged('blue') { notify { 'blue': } } if tagged('red') { notify { 'red': } } }
include a
if tagged('a') { notify { 'a was declared': } }
if tagged('settings', 'class') { notify { 'both': } }
