$v = 'top'
class a { notify { "${v} ${::v}": } }
include a
