# An absolute path without `..` and double slashes.
type Demo::Path = Pattern[/\A(\/[A-Za-z0-9_.-]+)+\z/]
