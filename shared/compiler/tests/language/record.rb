#!/usr/bin/env ruby
# Records what the installed Puppet makes of the cases: `ruby record.rb [topic...]` writes expected/<topic>.json.
#
# A file of cases/ holds programs; each begins with a line `#> its name`. All are compiled with facts.json
# against environment/.

require 'json'
require 'open3'

here = __dir__
oracle = File.expand_path('../../../../localstack-tests/reference/compile.rb', here)
topics = ARGV.empty? ? Dir[File.join(here, 'cases', '*.pp')].map { |path| File.basename(path, '.pp') }.sort : ARGV
facts = JSON.parse(File.read(File.join(here, 'facts.json')))
environment = File.join(here, 'environment')

Open3.popen2('ruby', oracle) do |input, output, _|
  topics.each do |topic|
    text = File.read(File.join(here, 'cases', "#{topic}.pp"))
    recorded = text.split(/^#> /).drop(1).map do |part|
      name, code = part.split("\n", 2)
      request = { node: 'test.example.com', env_dir: environment, code: code, facts: facts, trusted: {},
                  modulepath: [File.join(environment, 'modules')], server_facts: { serverversion: '8.0.0' } }
      input.puts(JSON.generate(request))
      input.flush
      reply = JSON.parse(output.gets)
      strip = ->(text) { text.to_s.gsub(environment, 'ENV') }
      logs = reply['logs'].map { |log| { 'level' => log['level'], 'message' => strip.(log['message']) } }
      logs.reject! { |log| log['message'].start_with?('Compiled catalog for') }
      error = reply['error']
      if error
        # The reference logs the error that it raises once more.
        logs.pop if logs.last && logs.last['level'] == 'err'
        error = error.slice('message', 'line', 'column', 'issue_code').compact
        error['message'] = strip.(error['message'])
      end
      { 'name' => name.strip, 'logs' => logs, 'error' => error }.compact
    end
    File.write(File.join(here, 'expected', "#{topic}.json"), JSON.pretty_generate(recorded) + "\n")
    warn "#{topic}: #{recorded.size} cases, #{recorded.count { |one| one['error'] }} with errors"
  end
  input.close
end
