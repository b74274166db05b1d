class a { notify { 'before': } return() notify { 'after': } }
include a
notify { 'outside': }
