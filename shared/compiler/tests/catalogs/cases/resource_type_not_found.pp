Nosuch { 'a': }
