class a { }
@class { 'a': }
