class a($tag = 'x') { notify { "t ${tag}": } }
include a
