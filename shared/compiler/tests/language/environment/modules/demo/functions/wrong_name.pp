function demo::other_name() { 1 }
