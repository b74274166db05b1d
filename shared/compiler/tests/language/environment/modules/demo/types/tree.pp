type Demo::Tree = Variant[Integer, Array[Demo::Tree]]
