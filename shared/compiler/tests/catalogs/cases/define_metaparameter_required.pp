define d($before) { }
