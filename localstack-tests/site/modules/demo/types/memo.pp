# A note: its lines, and optionally who may read it.
type Demo::Memo = Struct[{
  lines          => Array[String[1], 1],
  Optional[mode] => Demo::Mode,
  Optional[tags] => Array[String],
}]
