realize(Notify['late'])
define d { @notify { 'late': } }
d { 'x': }
