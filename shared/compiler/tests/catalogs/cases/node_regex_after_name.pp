node /test/ { notify { 'regex': } }
node 'other', 'Test.Example.org' { notify { 'name': } include a }
class a { notify { 'in a': } }
