notify { 'a': message => Deferred('foo') }
notify { 'b': message => Deferred('foo', []) }
notify { 'c': message => Deferred('foo', ['x', [Deferred('bar', [])]]) }
