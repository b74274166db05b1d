# Reads every document of ../yaml/documents.txt with the installed Puppet and writes
# ../yaml/golden.json: per document the value as rich JSON, or the error's text.
#
#   ruby shared/hiera/tests/oracle/yaml.rb
require 'puppet'
require 'json'

def rich(value)
  case value
  when Symbol then { '__ptype' => 'Symbol', '__pvalue' => value.to_s }
  when Float
    value.finite? ? value : { '__ptype' => 'Float', '__pvalue' => value.to_s }
  when Integer
    value.bit_length > 63 ? { '__ptype' => 'BigInt', '__pvalue' => value.to_s } : value
  when String
    text = value.dup.force_encoding('UTF-8')
    text.valid_encoding? ? text : { '__ptype' => 'Bytes', '__pvalue' => value.bytes }
  when Array then value.map { |element| rich(element) }
  when Hash
    if value.keys.all?(String)
      value.to_h { |key, element| [key.dup.force_encoding('UTF-8'), rich(element)] }
    else
      { '__ptype' => 'Hash', '__pvalue' => value.flat_map { |pair| pair.map { |part| rich(part) } } }
    end
  else value
  end
end

directory = File.expand_path('../yaml', __dir__)
golden = {}
File.binread("#{directory}/documents.txt").force_encoding('UTF-8').split(/^=== (.*)\n/).drop(1).each_slice(2) do |name, text|
  text ||= ''
  golden[name] =
    begin
      # A last line `$` is cut off with the break before it: a text without a final line break.
      text = text.delete_suffix("\n$\n")
      text = text.delete_prefix("\uFEFF")
      value = Puppet::Util::Yaml.safe_load(text, [Symbol], 'file.yaml')
      YAML.safe_load(text, permitted_classes: [Symbol], aliases: true).nil? ? { 'empty' => true } : { 'value' => rich(value) }
    rescue Puppet::Util::Yaml::YamlLoadError => error
      { 'error' => error.message }
    end
end
File.write("#{directory}/golden.json", JSON.pretty_generate(golden) + "\n")
puts "#{golden.size} documents"
