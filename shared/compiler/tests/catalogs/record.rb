#!/usr/bin/env ruby
# Records the catalogs, or errors, that the installed Puppet makes of the cases:
#   ruby record.rb [case...]
# writes expected/<case>.json. A <case>.json beside the manifest holds more of the request (`classes` of a
# node classifier, `include_virtual`). The environment is this directory, seen as /env.

require 'json'
require 'open3'

here = __dir__
oracle = File.expand_path('../../../../localstack-tests/reference/compile.rb', here)
names = ARGV.empty? ? Dir[File.join(here, 'cases', '*.pp')].map { |path| File.basename(path, '.pp') }.sort : ARGV
facts = { 'os' => { 'family' => 'Debian' } }

Open3.popen2('ruby', oracle) do |input, output, _|
  names.each do |name|
    manifest = File.join(here, 'cases', "#{name}.pp")
    options = File.join(here, 'cases', "#{name}.json")
    options = File.exist?(options) ? JSON.parse(File.read(options)) : {}
    input.puts(JSON.generate(
                 **options.transform_keys(&:to_sym), node: 'test.example.org', env_dir: here, manifest: manifest,
                 modulepath: [File.join(here, 'modules')], facts: facts, static: name.start_with?('static_')
               ))
    input.flush
    reply = JSON.parse(output.gets.gsub(here, '/env'))
    result = if reply['error']
               { 'error' => reply['error'].slice('message') }
             else
               catalog = reply['catalog']
               %w[version catalog_uuid].each { |key| catalog.delete(key) }
               { 'catalog' => catalog }
             end
    File.write(File.join(here, 'expected', "#{name}.json"), "#{JSON.pretty_generate(result)}\n")
  end
  input.close
end
