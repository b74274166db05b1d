type Demo::Config = Struct[{port => Demo::Port, Optional[host] => String}]
