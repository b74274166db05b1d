# A location of a virtual host: either the document root, or a proxy.
type Webserver::Location = Variant[
  Struct[{ root => Boolean, Optional[headers] => Hash[String, String] }],
  Struct[{ proxy => Pattern[/\Ahttps?:\/\//], Optional[headers] => Hash[String, String] }]
]
