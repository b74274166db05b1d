node 'a' { }
node 'b', 'A' { }
