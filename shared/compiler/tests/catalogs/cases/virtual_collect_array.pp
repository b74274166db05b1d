@user { 'a': groups => ['adm', 'staff'] }
@user { 'b': groups => ['adm'] }
User <| groups == 'staff' |>
