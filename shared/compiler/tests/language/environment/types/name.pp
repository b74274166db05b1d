type Name = Pattern[/\A[a-z]+\z/]
