# What Hiera says of a user.
type Accounts::User = Struct[{
  uid               => Integer[1000, 65533],
  comment           => String[1],
  Optional[groups]  => Array[Pattern[/\A[a-z_][a-z0-9_-]*\z/]],
  Optional[shell]   => Accounts::Shell,
  Optional[keys]    => Hash[String[1], Pattern[/\AAAAA[A-Za-z0-9+\/=]+\z/]],
  Optional[expiry]  => Variant[Enum['absent'], Pattern[/\A\d{4}-\d\d-\d\d\z/]],
  Optional[managed] => Boolean,
}]
