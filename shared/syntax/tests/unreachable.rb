# Proves the reasons of unreachable.txt on the installed reference, as far as a program can: prints one line an issue, and
# fails where a reason does not hold. `tests/scoreboard.rs` runs it.
require 'strscan'
require 'puppet'
require 'puppet/pops'
require 'puppet/pops/parser/lexer2'

include Puppet::Pops
ROOT = File.dirname($LOADED_FEATURES.find { |path| path.end_with?('/lib/puppet.rb', '/vendor_ruby/puppet.rb') }) + '/puppet/pops'

def source(path) = File.read("#{ROOT}/#{path}")
# How often the front end names an issue, by file: another place would want a reason of its own.
def places(issue)
  Dir["#{ROOT}/{parser,validation}/**/*.rb"].to_h { |path| [path.delete_prefix("#{ROOT}/"), File.read(path).scan(/Issues::#{issue}\b/).size] }.reject { |_, count| count.zero? }
end

def prove(issue, named)
  abort "#{issue} is named in #{places(issue)}" unless places(issue) == named
  abort "#{issue}: the reason does not hold" unless yield
  puts issue
end

# Every text of up to `size` pieces.
def texts(pieces, size) = (0..size).flat_map { |length| pieces.repeated_permutation(length).map(&:join) }

prove('EPP_INTERNAL_ERROR', { 'parser/epp_support.rb' => 3 }) do
  texts(['<%', '%>', '-%>', '<%=', '<%-', '<%#', '<%%', '%%>', 'a', "\n", '%', '<'], 4).all? do |text|
    # As the lexer scans: from the start of text to a tag, and behind a tag to the next one.
    input = StringScanner.new(text)
    scanner = Parser::EppSupport::EppScanner.new(input)
    scanner.scan
    %i[error epp expr].include?(scanner.mode) || scanner.mode == :text && input.eos?
  end && %i[text epp expr].sort == (source('parser/epp_support.rb').scan(/@mode = :(\w+)/).flatten.map(&:to_sym).uniq - [:error]).sort
end

prove('ILLEGAL_ASSIGNMENT_VIA_INDEX', { 'validation/checker4_0.rb' => 1 }) do
  # The one place that assigns by an index looks first whether the other issue is accepted.
  by_index = source('validation/checker4_0.rb').scan(/assign\([^)]*, true\)/).size == 1
  by_index && %i[off warning error].product([true, false]).all? do |strict, tasks|
    Puppet[:strict] = strict
    Puppet[:tasks] = tasks
    validator = Validation::ValidatorFactory_4_0.new.validator(Validation::Acceptor.new)
    validator.acceptor.will_accept?(Issues::ILLEGAL_INDEXED_ASSIGNMENT)
  end
end

prove('ILLEGAL_CLASSREF', { 'validation/checker4_0.rb' => 1 }) do
  Patterns::CLASSREF_EXT.source == "\\A#{Parser::Lexer2::PATTERN_CLASSREF.source}\\z"
end

prove('ILLEGAL_NAME_OR_BARE_WORD', { 'parser/lexer2.rb' => 1 }) do
  starts = [*'a'..'z', '_']
  starts.product((0..0x7f).map(&:chr) + ['', 'é', '::']).all? do |start, behind|
    StringScanner.new(start + behind).scan(Parser::Lexer2::PATTERN_BARE_WORD)
  end
end

prove('NO_INPUT_TO_LEXER', { 'parser/lexer2.rb' => 1 }) do
  [Parser::Lexer2, Parser::EppParser].all? do |type|
    lexer = type == Parser::Lexer2 ? type.new : type.new.instance_variable_get(:@lexer)
    lexer.lex_string('', '')
    lexer.instance_variable_get(:@scanner)
  end
end

prove('UNSUPPORTED_OPERATOR', { 'validation/checker4_0.rb' => 1 }) do
  made = source('model/factory.rb').scan(/AssignmentExpression,?\s*([^)]*)/).flatten.join.scan(/'([^']+)'/).flatten
  made.sort == ['+=', '-=', '=']
end

prove('UNSUPPORTED_OPERATOR_IN_CONTEXT', { 'validation/checker4_0.rb' => 1 }) do
  # Lists of attributes, which alone hold `* =>`, stand in bodies of resources and behind the queries of collectors alone.
  grammar = source('parser/egrammar.ra').lines
  lists = grammar.grep(/\battribute_operations\b/).grep_v(/\Aattribute_operations|\A\s*\| attribute_operations /)
  lists.size == 4 && lists.all?(/resource LBRACE|RESOURCE_BODY|collect_query LBRACE/) && grammar.grep(/ATTRIBUTES_OP\b/).size == 1
end
