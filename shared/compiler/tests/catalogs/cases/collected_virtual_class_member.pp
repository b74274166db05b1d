class a { @notify { 'v': } notify { 'n': before => Notify['v'] } }
include a
