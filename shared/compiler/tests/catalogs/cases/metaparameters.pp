notify { 'a': noop => true, loglevel => 'debug', schedule => 'never', audit => 'all' }
schedule { 'never': period => never }
