# Classes are not exported.
class other {}
node exporter { @@class { 'other': } }
