# Where a collector stands is where the collected is contained; a define is too late for its own collector's result.
class exporting { @@notify { 'from class': } exporting::part { 'p': } }
define exporting::part { @@file { '/part': ensure => file } }
class collecting { Notify <<| |>> collecting::part { 'c': } }
define collecting::part { File <<| |>> { mode => '0600' } }
node exporter { include exporting }
node collector { include collecting }
node reader { include collecting if defined(Notify['from class']) { notify { 'seen': } } else { notify { 'not seen': } } }
