class base { notify { ['x', 'y']: } notify { 'a': require => Notify['x'], tag => 'one' } }
class child inherits base { Notify['a'] { require +> [Notify['y']], tag +> 'two', message +> 'new' } }
include child
