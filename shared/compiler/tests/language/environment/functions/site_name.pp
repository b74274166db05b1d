function site_name() { "site of ${facts['networking']['hostname']}" }
