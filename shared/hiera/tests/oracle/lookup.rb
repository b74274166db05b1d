# Runs every scenario of ../lookup/*.txtar with the installed Puppet and writes ../lookup/golden.json.
#
#   ruby shared/hiera/tests/oracle/lookup.rb
#
# An archive holds files under `-- path --` lines: `env/...` is the environment (shown as /e),
# `global/...` the global layer's directory (/g), `facts.json`, `vars.json`, and `scenarios`, one JSON
# object per line: lookup, merge, default, override, defaults_hash, apl (automatic parameter lookup).
require 'puppet'
require 'json'
require 'tmpdir'
require 'fileutils'

def rich(value)
  case value
  when Puppet::Pops::Types::PSensitiveType::Sensitive then { '__ptype' => 'Sensitive', '__pvalue' => rich(value.unwrap) }
  when :undef then nil
  when Symbol then { '__ptype' => value.to_s.capitalize }
  when Array then value.map { |element| rich(element) }
  when Hash
    if value.keys.all?(String)
      value.transform_values { |element| rich(element) }
    else
      { '__ptype' => 'Hash', '__pvalue' => value.flat_map { |pair| pair.map { |part| rich(part) } } }
    end
  else value
  end
end

def unpack(archive, root)
  File.read(archive).split(/^-- (.+) --\n/).drop(1).each_slice(2) do |path, text|
    file = File.join(root, path.sub(%r{\Aenv/}, 'environments/production/'))
    FileUtils.mkdir_p(File.dirname(file))
    File.write(file, text || '')
  end
  FileUtils.mkdir_p(["#{root}/environments/production/modules", "#{root}/global"])
end

def json(root, name)
  path = "#{root}/#{name}"
  File.exist?(path) ? JSON.parse(File.read(path)) : {}
end

def run(root, scenario)
  logs = []
  destination = Puppet::Test::LogCollector.new(logs)
  Puppet::Util::Log.newdestination(destination)
  environment = Puppet::Node::Environment.create(:production, ["#{root}/environments/production/modules"])
  loader = Puppet::Environments::Directories.new("#{root}/environments", [])
  result = nil
  Puppet.override(environments: loader) do
    environment = loader.get(:production)
    facts = json(root, 'facts.json')
    node = Puppet::Node.new('node.example.com', environment: environment, facts: Puppet::Node::Facts.new('node.example.com', facts))
    node.merge(facts.merge(json(root, 'vars.json')))
    node.add_server_facts('environment' => 'production')
    node.trusted_data = { 'certname' => 'node.example.com', 'authenticated' => 'remote', 'extensions' => {} }
    Puppet.override(current_environment: environment, rich_data: true) do
      compiler = Puppet::Parser::Compiler.new(node)
      compiler.compile do |catalog|
        scope = compiler.topscope
        invocation = Puppet::Pops::Lookup::Invocation.new(scope, scenario['override'] || {}, scenario['defaults_hash'] || {})
        found = false
        value = catch(:no_such_key) do
          v =
            if scenario['apl']
              Puppet::Pops::Lookup.search_and_merge(scenario['apl'], invocation, nil)
            else
              Puppet::Pops::Lookup.lookup(scenario['lookup'], nil, scenario['default'], scenario.key?('default'), scenario['merge'], invocation)
            end
          found = true
          v
        end
        result = found ? { 'value' => rich(value) } : { 'missing' => true }
        catalog
      end
    end
  end
  [result, logs]
rescue StandardError => error
  # What Ruby's error_highlight adds, and the line of its C source in JSON's errors, are no part of it.
  message = error.is_a?(NameError) ? error.message.lines.first.chomp : error.message
  [{ 'error' => message.sub(/\d+: (?=unexpected token)/, '') }, logs]
ensure
  Puppet::Util::Log.close(destination)
end

module Puppet::Test
  class LogCollector
    def initialize(logs) = @logs = logs
    def <<(entry) = @logs << entry
  end
end

Puppet::Util::Log.newdesttype :array_collector do
  match 'Puppet::Test::LogCollector'
  def initialize(messages) = @messages = messages
  def handle(entry) = @messages << entry
end

Puppet.initialize_settings(['--confdir', Dir.mktmpdir, '--vardir', Dir.mktmpdir])
Puppet[:strict] = :error
Puppet[:strict_variables] = true
Puppet[:code] = 'undef'

directory = File.expand_path('../lookup', __dir__)
golden = {}
Dir.glob("#{directory}/*.txtar").sort.each do |archive|
  Dir.mktmpdir do |root|
    unpack(archive, root)
    Puppet[:codedir] = root
    Puppet[:environmentpath] = "#{root}/environments"
    Puppet[:hiera_config] = "#{root}/global/hiera.yaml"
    results = File.readlines("#{root}/scenarios").reject { |line| line.strip.empty? }.map do |line|
      result, logs = run(root, JSON.parse(line))
      warnings = logs.select { |entry| entry.level == :warning }.map(&:message)
      warnings.reject! { |warning| warning =~ /^The node parameter|Use of 'hiera.yaml' version 3 is deprecated/ }
      result['warnings'] = warnings unless warnings.empty?
      result
    end
    text = JSON.generate(results).gsub("#{root}/environments/production", '/e').gsub("#{root}/global", '/g')
    golden[File.basename(archive, '.txtar')] = JSON.parse(text)
  end
end
File.write("#{directory}/golden.json", JSON.pretty_generate(golden) + "\n")
puts "#{golden.values.sum(&:size)} scenarios"
