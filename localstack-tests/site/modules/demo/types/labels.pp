# Labels: short lower-case names with short values.
type Demo::Labels = Hash[Pattern[/\A[a-z][a-z0-9-]*\z/], String[1, 63]]
