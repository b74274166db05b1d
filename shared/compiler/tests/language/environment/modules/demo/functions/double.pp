function demo::double(Numeric $x) >> Numeric { $x * 2 }
