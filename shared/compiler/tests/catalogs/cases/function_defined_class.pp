class a { function_call() }
function function_call() { notify { 'from function': } }
include a
