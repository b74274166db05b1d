# Privileges of a role.
type Database::Privileges = Struct[{
  role       => String[1],
  privileges => Array[Enum['ALL', 'SELECT', 'INSERT', 'UPDATE', 'DELETE'], 1],
}]
