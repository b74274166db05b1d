node 'test.example.org' { notify { 'mine': } }
node default { notify { 'default': } }
notify { 'top': }
