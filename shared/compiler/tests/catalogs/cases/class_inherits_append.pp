class base { notify { 'x': } notify { 'y': } notify { 'a': require => Notify['x'] } }
class child inherits base { Notify['a'] { require +> Notify['y'] } }
include child
