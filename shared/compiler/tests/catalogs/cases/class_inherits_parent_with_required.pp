class base($p) { }
class child inherits base { }
include child
