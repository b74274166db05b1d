# Writes the attribute tables of Puppet's own resource types, as the reference knows them:
#   ruby shared/compiler/scripts/core_types.rb [MODULE_DIR...] > shared/compiler/src/resource_types/core.rs
# MODULE_DIRs are the modules that puppet-agent's official packages bring along (augeas_core, cron_core, ...).
require 'puppet'

modules = ARGV.empty? ? [] : ARGV
Puppet.initialize_settings(['--confdir', '/nonexistent', '--vardir', '/tmp/core-types'])
modules.each { |dir| $LOAD_PATH.unshift(File.join(dir, 'lib')) }

def bundled(dir)
  Dir.glob(File.join(dir, 'lib/puppet/type/*.rb')).map { |f| [File.basename(f, '.rb'), File.basename(File.realpath(dir)).sub(/\Apuppetlabs-/, '').tr('-', '_')] }
end

root = $LOAD_PATH.find { |d| File.exist?("#{d}/puppet/type/exec.rb") }
core = Dir.glob("#{root}/puppet/type/*.rb").map { |f| [File.basename(f, '.rb'), nil] }
types = (core + modules.flat_map { |dir| bundled(dir) }).sort_by(&:first)

def list(names)
  "&[#{names.map { |n| n.to_s.inspect }.join(', ')}]"
end

# Providers decide whether `provider` is an attribute; all of a bundled type's are in its module.
def parameters(type)
  names = type.parameters.map(&:to_s)
  names
end

def patterns(type)
  return 'None' if type.method(:title_patterns).owner == Puppet::Type.singleton_class

  entries = type.title_patterns.map do |pattern, names|
    raise "#{type.name}: a proc in title_patterns" if names.any? { |n| n.length > 1 }

    "(r\"#{pattern}\", #{list(names.map(&:first))})"
  end
  "Some(&[#{entries.join(', ')}])"
end

puts <<~HEAD
  //! Puppet's own resource types, written by `scripts/core_types.rb` from the reference #{Puppet.version}: not by hand.

  use super::CoreType;

  /// Attributes that every resource can have, in the order of `Puppet::Type.metaparams`.
  pub(super) const METAPARAMETERS: &[&str] = #{list(Puppet::Type.metaparams)};

  /// By name, sorted.
  #[rustfmt::skip]
  pub(super) static CORE_TYPES: &[CoreType] = &[
HEAD
types.each do |name, bundle|
  type = Puppet::Type.type(name.to_sym) or raise "no type #{name}"
  puts "    CoreType {"
  puts "        name: #{name.inspect},"
  puts "        bundle: #{bundle ? "Some(#{bundle.inspect})" : 'None'},"
  puts "        properties: #{list(type.properties.map(&:name))},"
  puts "        parameters: #{list(parameters(type))},"
  puts "        namevars: #{list(type.key_attributes)},"
  puts "        title_patterns: #{patterns(type)},"
  puts "        isomorphic: #{type.isomorphic?},"
  puts "    },"
end
puts '];'
