class a($noop = true) { notify { 'a': } }
include a
