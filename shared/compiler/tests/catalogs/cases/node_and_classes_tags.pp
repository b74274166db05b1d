node default { include role::web }
class role::web { include profile::base notify { 'web': } }
class profile::base { notify { 'base': } }
