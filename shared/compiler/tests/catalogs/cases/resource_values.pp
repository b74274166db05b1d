notify { 'v':
  message => [1, 2.5, true, undef, default, 'x', { 'a' => [1], 2 => 'b' }, Integer[1, 3], /re/, SemVer('1.2.3')],
}
