node /^test\.(.*)$/ { notify { "mine ${1}": } }
node default { }
