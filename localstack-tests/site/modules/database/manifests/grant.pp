# One grant.
#
# @param statement The SQL
# @param database The database
define database::grant (
  Pattern[/\AGRANT /] $statement,
  String[1]           $database,
) {
  file { "${database::data_dir}/grants-${title.regsubst('@', '_at_')}.sql":
    content => inline_epp(@(SQL), { 'statement' => $statement, 'title' => $title }),
      <%- | String $statement, String $title | -%>
      -- <%= $title %>
      <%= $statement %>;
      | SQL
    require => Exec["create database ${database}"],
  }
}
