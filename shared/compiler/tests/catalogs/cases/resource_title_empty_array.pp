notify { []: message => 'm' }
