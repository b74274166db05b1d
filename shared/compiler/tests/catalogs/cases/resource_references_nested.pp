notify { 'a':
  message => [[Notify['b']], { 'k' => Notify['b'], 'l' => [Class['main']] }, 'x'],
}
notify { 'b': message => Notify['a'] }
