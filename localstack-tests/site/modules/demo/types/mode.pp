# Permissions as four octal digits.
type Demo::Mode = Pattern[/\A[0-7]{4}\z/]
