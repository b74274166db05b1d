node default { notify { 'a': } include c }
class c { notify { 'c': } }
