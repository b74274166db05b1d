function demo::defaults($a, $b = "${a}!", *$rest) { "${a} ${b} ${rest}" }
