# Exported resources of all environments are one pool; a node has one catalog, its last.
node exporter { @@notify { "from ${environment}": } }
node collector { Notify <<| |>> }
