# Which types can be collected.
define my::thing($x = 1) { notify { "in ${title}": message => "${x}" } }
class other {}
node exporter { @@my::thing { 't': x => 2 } }
node known { My::Thing <<| |>> }
node of_unknown { Nothing::Here <<| |>> }
node a_class { Class <<| |>> }
node none { Host <<| |>> Notify <<| title == 'x' |>> }
