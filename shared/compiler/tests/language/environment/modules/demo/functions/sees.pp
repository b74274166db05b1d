function demo::sees() { $::global_value }
