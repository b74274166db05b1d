#> nothing found
notice(lookup('nokey'))
#> nothing found in a class
class c { notice(lookup('nokey')) }
include c
#> none of several found
notice(lookup(['nokey', 'nokey2']))
#> empty name
notice(lookup(''))
#> lookup_options is no key
notice(lookup('lookup_options'))
#> default of a wrong type
notice(lookup('nokey', Integer, undef, 'x'))
#> default from a block
notice(lookup('nokey') |$key| { "default of ${key}" })
#> default from a block of a wrong type
notice(lookup('nokey', Integer) |$key| { 'x' })
#> override
notice(lookup({ 'name' => 'plain', 'override' => { 'plain' => 'ov' } }))
#> override of a wrong type
notice(lookup({ 'name' => 'plain', 'value_type' => Integer, 'override' => { 'plain' => 'ov' } }))
#> default values hash
notice(lookup('nokey', { 'default_values_hash' => { 'nokey' => 5 } }))
#> no arguments
notice(lookup())
