function demo::fact(Integer $n) >> Integer { if $n <= 1 { 1 } else { $n * demo::fact($n - 1) } }
