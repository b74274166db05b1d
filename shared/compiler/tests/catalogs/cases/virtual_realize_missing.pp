realize(Notify['nosuch'], File['/tmp/x'])
