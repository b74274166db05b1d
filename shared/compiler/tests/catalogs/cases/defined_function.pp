notify { 'a': }
class c { }
define d { }
notify { 'results':
  message => [
    defined(Notify['a']), defined(Notify['b']), defined('c'), defined(Class['c']), defined('d'), defined(D),
    defined('file'), defined('nosuch'), defined(File), defined('nosuch', 'c'),
  ],
}
