# An amount of memory.
type Database::Size = Pattern[/\A\d+(kB|MB|GB)\z/]
