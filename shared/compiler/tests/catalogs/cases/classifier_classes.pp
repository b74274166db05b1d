class a($x = 'd') { notify { "a ${x}": } }
class b($y) { notify { "b ${y}": } }
include a
node default { notify { 'node': } }
