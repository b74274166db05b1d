# Its service.
class webserver::service {
  service { 'nginx':
    ensure     => running,
    enable     => true,
    hasrestart => true,
    tag        => 'managed',
    subscribe  => File["${webserver::root}/nginx.conf"],
  }
}
