# A database with its owner and grants.
#
# @param owner Who owns it
# @param encoding Encoding
# @param extensions Extensions
# @param grants Grants
define database::db (
  String[1]                   $owner,
  String[1]                   $encoding   = 'UTF8',
  Array[String[1]]            $extensions = [],
  Array[Database::Privileges] $grants     = [],
) {
  include database

  $psql = ['psql', '-d', $name, '-c']

  exec { "create database ${name}":
    command => "createdb --owner=${owner} --encoding=${encoding} ${name}",
    unless  => "psql -d ${name} -c 'SELECT 1'",
    path    => ['/usr/bin', '/bin'],
    user    => 'postgres',
    require => Service['postgresql'],
  }

  $extensions.each |$extension| {
    exec { "extension ${extension} of ${name}":
      command     => ($psql + ["CREATE EXTENSION IF NOT EXISTS ${extension}"]).join(' '),
      path        => '/usr/bin:/bin',
      refreshonly => true,
      subscribe   => Exec["create database ${name}"],
    }
  }

  $grants.each |Database::Privileges $grant| {
    $role = $grant['role']
    $what = $grant['privileges'] ? {
      ['ALL'] => 'ALL PRIVILEGES',
      default => $grant['privileges'].sort.join(', '),
    }
    database::grant { "${role}@${name}":
      statement => "GRANT ${what} ON DATABASE ${name} TO ${role}",
      *         => { database => $name },
    }
  }
}
