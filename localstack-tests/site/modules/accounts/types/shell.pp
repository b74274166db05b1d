# A shell to log in with.
type Accounts::Shell = Enum['/bin/bash', '/bin/sh', '/bin/zsh', '/usr/sbin/nologin']
