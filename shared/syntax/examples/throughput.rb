# How fast, in time of one processor, the reference parses and validates all modules of Debian in a process that is warm, to set beside
# `examples/throughput.rs`: `ruby examples/throughput.rb [DIRECTORY]`.
require 'puppet'
require 'puppet/pops'

root = ARGV.first || "#{__dir__}/../../../target/puppet-modules"
Puppet.initialize_settings(['--confdir', '/nonexistent', '--vardir', '/nonexistent'])
environment = Puppet::Node::Environment.create(:production, [], Puppet::Node::Environment::NO_MANIFEST)
Puppet.push_context({ current_environment: environment, loaders: Puppet::Pops::Loaders.new(environment) }, 'throughput')
texts = Dir["#{root}/**/*.{pp,epp}"].reject { |path| File.directory?(path) }.map { |path| [File.read(path, encoding: 'utf-8'), path.end_with?('.epp')] }

def run(texts)
  start = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID)
  texts.each do |text, template|
    parser = template ? Puppet::Pops::Parser::EvaluatingParser::EvaluatingEppParser : Puppet::Pops::Parser::EvaluatingParser
    parser.new.parse_string(text)
  rescue Puppet::ParseError
    next
  end
  Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID) - start
end

Puppet::Util::Log.close_all
run(texts.first(200))
seconds = Array.new(3) { run(texts) }.min
bytes = texts.sum { |text, _| text.bytesize }
puts format('%d files, %d bytes: parse and validate: %.0f ms, %.2f MB/s', texts.size, bytes, seconds * 1e3, bytes / seconds / 1e6)
