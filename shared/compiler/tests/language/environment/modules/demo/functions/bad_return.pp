function demo::bad_return($x) >> Integer { $x }
