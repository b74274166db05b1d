#!/usr/bin/env ruby
# Records the catalogs, or errors, that the installed Puppet makes of the cases:
#   ruby record.rb [case...]
# writes expected/<case>.json. The environment is this directory, seen as /env.

require 'json'
require 'open3'

here = __dir__
oracle = File.expand_path('../../../../localstack-tests/reference/compile.rb', here)
names = ARGV.empty? ? Dir[File.join(here, 'cases', '*.pp')].map { |path| File.basename(path, '.pp') }.sort : ARGV
facts = { 'os' => { 'family' => 'Debian' } }

Open3.popen2('ruby', oracle) do |input, output, _|
  names.each do |name|
    manifest = File.join(here, 'cases', "#{name}.pp")
    input.puts(JSON.generate(
                 node: 'test.example.org', env_dir: here, manifest: manifest,
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
