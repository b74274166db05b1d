notify { 'a': notify => { a => 1, 'b' => [undef, 'x'] } }
