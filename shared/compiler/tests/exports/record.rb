#!/usr/bin/env ruby
# Records what the installed Puppet makes of the scenarios with a PuppetDB:
#   ./puppetdb ruby record.rb [scenario...]
# writes expected/<scenario>.json: of every step that compiles, the node, its catalog or error, and what it exports.
#
# A scenario is a main manifest, and beside it the steps in <scenario>.json: the name of a node to compile, or an
# object (`compile`, with `facts` and `environment`; `deactivate`). Without it: `exporter`, then `collector`.
# The environment is seen as /env.

require 'json'
require 'net/http'
require 'open3'
require 'time'

HERE = __dir__
PUPPETDB = ENV.fetch('PUPPETDB')
ORACLE = File.expand_path('../../../../localstack-tests/reference/compile.rb', HERE)

def query(path, query)
  JSON.parse(Net::HTTP.get(URI("#{PUPPETDB}/pdb/query/v4/#{path}?#{URI.encode_www_form(query: JSON.generate(query))}")))
end

def deactivate(node)
  parameters = { checksum: '', command: 'deactivate_node', version: 3, certname: node }
  payload = { certname: node, producer_timestamp: Time.now.utc.iso8601(3) }
  uri = URI("#{PUPPETDB}/pdb/cmd/v1?#{URI.encode_www_form(parameters.reject { |_, value| value == '' })}")
  Net::HTTP.post(uri, JSON.generate(payload), 'Content-Type' => 'application/json').value
  300.times do
    found = query('nodes', ['and', ['=', 'certname', node], ['=', 'node_state', 'active']])
    return if found.empty?

    sleep 0.1
  end
  raise "PuppetDB did not deactivate #{node}"
end

def exports(node)
  resources = query('resources', ['and', ['=', 'certname', node], ['=', 'exported', true]])
  resources.each { |resource| resource['tags'].sort! }
  resources.sort_by { |resource| resource.values_at('type', 'title') }
           .map { |resource| resource.slice('certname', 'type', 'title', 'exported', 'tags', 'parameters', 'file', 'line') }
end

def compile(step, name, input, output)
  node = step.fetch('compile')
  request = step.reject { |key, _| key == 'compile' }.merge(
    'node' => node, 'env_dir' => HERE, 'manifest' => File.join(HERE, 'scenarios', "#{name}.pp"), 'puppetdb' => PUPPETDB
  )
  input.puts(JSON.generate(request))
  input.flush
  reply = JSON.parse(output.gets.gsub(HERE, '/env'))
  return { 'node' => node, 'error' => reply['error']['message'].gsub(PUPPETDB, 'PUPPETDB') } if reply['error']

  catalog = reply['catalog']
  %w[version catalog_uuid].each { |key| catalog.delete(key) }
  { 'node' => node, 'catalog' => catalog, 'exports' => JSON.parse(JSON.generate(exports(node)).gsub(HERE, '/env')) }
end

def record(name, input, output)
  steps = File.join(HERE, 'scenarios', "#{name}.json")
  steps = File.exist?(steps) ? JSON.parse(File.read(steps)) : %w[exporter collector]
  steps = steps.map { |step| step.is_a?(String) ? { 'compile' => step } : step }
  # The scenario before leaves nothing.
  query('nodes', ['=', 'node_state', 'active']).each { |node| deactivate(node['certname']) }
  results = steps.filter_map do |step|
    next deactivate(step['deactivate']) if step.key?('deactivate')

    compile(step, name, input, output)
  end
  File.write(File.join(HERE, 'expected', "#{name}.json"), "[\n#{results.map { |result| JSON.generate(result) }.join(",\n")}\n]\n")
end

names = ARGV.empty? ? Dir[File.join(HERE, 'scenarios', '*.pp')].map { |path| File.basename(path, '.pp') }.sort : ARGV
Open3.popen2('ruby', ORACLE) do |input, output, _|
  names.each { |name| record(name, input, output) }
  input.close
end
