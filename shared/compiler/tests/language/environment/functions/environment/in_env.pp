function environment::in_env($x) { [$x, $x] }
