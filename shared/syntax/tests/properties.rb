# Writes the names of properties that the reference's Ruby knows in regular expressions (`\p{...}`), one a line, as Onigmo
# compares them: in small letters, without blanks, dashes and underscores.
#
# `ruby tests/properties.rb > src/lexer/regex/properties.txt`. Every text in Ruby's library that might be a name is tried.
require 'rbconfig'

libraries = Dir[File.join(RbConfig::CONFIG['libdir'], '**', RbConfig::CONFIG['LIBRUBY_SO'])] + [RbConfig.ruby]
candidates = libraries.flat_map { |path| File.binread(path).scan(/[a-z0-9.=]+/) }.uniq
$VERBOSE = nil
names = candidates.select do |name|
  Regexp.new("\\p{#{name}}")
rescue RegexpError
  false
end
puts names.sort
