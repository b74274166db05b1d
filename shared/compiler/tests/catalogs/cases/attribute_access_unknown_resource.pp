notify { "mode ${File['/tmp/a']['mode']}": }
