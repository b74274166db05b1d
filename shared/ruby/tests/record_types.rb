# Records what the reference says of the resource types that the reader is tested on:
#   ruby shared/ruby/tests/record_types.rb > shared/ruby/tests/types.json
# Needs Debian's puppet-agent and puppet-module-puppetlabs-{concat,stdlib,*-core}.
require 'json'
require 'puppet'

MODULES = '/usr/share/puppet/modules'
FIXTURES = File.expand_path('fixtures', __dir__)

Puppet.initialize_settings(['--confdir', '/nonexistent', '--vardir', '/tmp/record-types'])
environment = Puppet::Node::Environment.create(:test, [MODULES, FIXTURES])
loader = Puppet::Pops::Loaders.new(environment)

# Where the type was written, as a path that does not tell of the machine that recorded it.
def place(name)
  own = Dir.glob("#{FIXTURES}/*/lib/puppet/type/#{name}.rb").first
  return ['fixture', own.delete_prefix("#{FIXTURES}/")] if own
  installed = Dir.glob("#{MODULES}/*/lib/puppet/type/#{name}.rb").first
  return ['module', installed.delete_prefix("#{MODULES}/")] if installed
  ['core', "puppet/type/#{name}.rb"]
end

# `type/file.rb` reopens its type in `type/file/*.rb`, and `package` names its provider; whit, component and
# stage are for Puppet itself.
SPREAD = %w[file package]

names = Dir.glob(["#{FIXTURES}/*/lib/puppet/type/*.rb", "#{MODULES}/*/lib/puppet/type/*.rb"]).map { |f| File.basename(f, '.rb') }
names += Dir.glob(File.join($LOAD_PATH.find { |d| File.exist?("#{d}/puppet/type/exec.rb") }, 'puppet/type/*.rb')).map { |f| File.basename(f, '.rb') }

result = {}
Puppet.override(current_environment: environment, loaders: loader) do
  environment.modules.each { |m| $LOAD_PATH.unshift(File.join(m.path, 'lib')) }
  (names.uniq.sort - SPREAD).each do |name|
    type = Puppet::Type.type(name.to_sym) or raise "no type #{name}"
    kind, path = place(name)
    own = type.method(:title_patterns).owner != Puppet::Type.singleton_class
    patterns = own ? type.title_patterns.map { |pattern, names| { 'pattern' => pattern.to_s, 'attributes' => names.map { |n| n.first.to_s } } } : nil
    result[name] = {
      'where' => kind, 'path' => path,
      'properties' => type.properties.map { |p| p.name.to_s },
      'parameters' => type.parameters.map(&:to_s) - ['provider'],
      'namevars' => type.key_attributes.map(&:to_s),
      'title_patterns' => patterns,
      'isomorphic' => type.isomorphic?,
    }
  end
end
puts JSON.pretty_generate(result)
