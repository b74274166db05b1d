# Writes every issue that the reference can report, from its source: one JSON object a line.
#
#   {"name": the constant, "code": the issue code, "stage": ..., "raised": [files that name it]}
#
# The stage is `lexer`, `parser`, `epp`, `heredoc`, `strings`, `validator` or `syntax checker` where a file of the front end
# raises the issue; `evaluator` where only others do; `never` where it is declared and no file names it. Errors of the
# grammar have no code: their message stands for it, as {"message": ..., "stage": "grammar"}.
require 'json'
require 'puppet'
require 'puppet/pops'

ROOT = File.dirname($LOADED_FEATURES.find { |path| path.end_with?('/lib/puppet.rb', '/vendor_ruby/puppet.rb') }) + '/puppet'

STAGES = {
  'pops/parser/lexer2.rb' => 'lexer', 'pops/parser/lexer_support.rb' => 'lexer', 'pops/parser/slurp_support.rb' => 'strings',
  'pops/parser/interpolation_support.rb' => 'strings', 'pops/parser/heredoc_support.rb' => 'heredoc',
  'pops/parser/epp_support.rb' => 'epp', 'pops/parser/epp_parser.rb' => 'epp', 'pops/parser/parser_support.rb' => 'parser',
  'pops/validation/checker4_0.rb' => 'validator', 'pops/validation/tasks_checker.rb' => 'validator'
}.freeze

sources = Dir["#{ROOT}/**/*.rb"].to_h { |path| [path.delete_prefix("#{ROOT}/"), File.read(path)] }
declared = Puppet::Pops::Issues.constants.map { |name| [name, Puppet::Pops::Issues.const_get(name)] }
declared.select! { |_, issue| issue.is_a?(Puppet::Pops::Issues::Issue) }

# The factory of validators gives issues a severity, which raises none.
others = %w[pops/issues.rb pops/validation/validator_factory_4_0.rb]
list = declared.map do |name, issue|
  raised = sources.select { |path, text| !others.include?(path) && text.match?(/\b(?:Issues::)?#{name}\b/) && text.include?('Issues') }.keys.sort
  stage = raised.filter_map { |path| STAGES[path] }.first || (raised.empty? ? 'never' : 'evaluator')
  { name: name, code: issue.issue_code, stage: stage, raised: raised }
end
sources.each do |path, text|
  next unless path.start_with?('syntax_checkers/')
  text.scan(/issue\(:(\w+)/) { |(code)| list << { name: code, code: code, stage: 'syntax checker', raised: [path] } }
end
list.sort_by! { |issue| [issue[:stage], issue[:name].to_s] }
list.each { |issue| puts JSON.generate(issue) }

grammar = File.read("#{ROOT}/pops/parser/egrammar.ra") + sources['pops/parser/parser_support.rb']
grammar.scan(/\berror\(?\s*(?:val\[\d\]|e\.args\[1\]), (?:_\()?"((?:[^"\\]|\\.)*)"/) do |(message)|
  puts JSON.generate(message: message, stage: 'grammar')
end
