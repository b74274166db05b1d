class old(String $message) { }
