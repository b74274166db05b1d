# Writes what the reference says of `metadata.json` and `environment.conf` files: `ruby record.rb` in this directory.
#
# metadata.jsonl: {"text", "load": the error of loading a module with it, "tool": the error of the module tool}.
# environment_conf.jsonl: {"text", "warnings", "error", "modulepath", "manifest"}; paths are relative to the environment.
# An error that is about Ruby and not about the file is {"crash": class}.
require 'json'
require 'tmpdir'
require 'puppet'
require 'puppet/pops'
require 'puppet/module_tool'

$VERBOSE = nil
Puppet.initialize_settings(['--confdir', '/nonexistent', '--vardir', '/nonexistent', '--strict', 'error'])
LOGGED = []
Puppet::Util::Log.newdesttype(:collected) { define_method(:handle) { |message| LOGGED << message } }
Puppet::Util::Log.close_all
Puppet::Util::Log.newdestination(:collected)

def error_of
  yield
  nil
rescue Puppet::Module::FaultyMetadata, Puppet::Util::Json::ParseError
  { crash: 'JSON' }
rescue Puppet::Error, ArgumentError => e
  e.respond_to?(:basic_message) ? e.basic_message : e.message
rescue StandardError => e
  { crash: e.class.name }
end

def of_metadata(text)
  Dir.mktmpdir do |dir|
    path = File.join(dir, 'ntp')
    Dir.mkdir(path)
    File.write(File.join(path, 'metadata.json'), text)
    environment = Puppet::Node::Environment.create(:production, [dir])
    load = error_of { Puppet::Module.new('ntp', path, environment) }
    tool = error_of { Puppet::ModuleTool::Metadata.new.update(Puppet::Util::Json.load(text)) }
    { text: text, load: load, tool: tool }
  end
end

def of_environment_conf(text)
  Dir.mktmpdir do |dir|
    File.write(File.join(dir, 'environment.conf'), text)
    LOGGED.clear
    $unique_warnings&.clear
    conf = nil
    paths = {}
    error = error_of do
      conf = Puppet::Settings::EnvironmentConf.load_from(dir, [])
      conf.environment_timeout
      paths[:modulepath] = conf.modulepath.split(':').map { |entry| entry.sub(%r{\A#{dir}/?}, '') }
      paths[:manifest] = conf.manifest.sub(%r{\A#{dir}/?}, '')
      conf.config_version
      environment = Struct.new(:configuration, :name).new(conf, 'production')
      adapter = Puppet::Pops::Lookup::LookupAdapter.allocate
      adapter.instance_variable_set(:@compiler, Struct.new(:environment).new(environment))
      adapter.send(:initialize_env_provider, nil)
    end
    # A line is told with its end and its place, and paths as they are on this machine.
    plain = ->(message) { message.is_a?(String) ? message.gsub(dir, '.').sub(/\s*(\(file.*\))?\z/m, '') : message }
    { text: text, warnings: LOGGED.map { |log| plain[log.message] }, error: plain[error] }.merge(paths)
  end
end

SOUND = { 'name' => 'x-ntp', 'version' => '1.0.0', 'author' => 'x', 'license' => 'MIT', 'summary' => 's', 'source' => 'https://x.y/z',
          'dependencies' => [] }.freeze

def metadata_texts
  texts = ['', '{', '{}', '[]', '[1]', 'null', '5', '"x"', '{"name": "x-ntp",}', '{"name": "x-ntp"} x']
  texts << JSON.generate(SOUND)
  SOUND.each_key { |name| texts << JSON.generate(SOUND.reject { |key, _| key == name }) }
  SOUND.each_key { |name| texts << JSON.generate(SOUND.merge(name => nil)) }
  names = ['ntp', 'x/ntp', 'X-Ntp', 'x-9ntp', 'x_y-ntp', 'x-n.tp', '-ntp', 'x-', '', 'x-n-t', 'x/n/t', 'x-_ntp', "x-ntp\n", 'é-ntp', 'x-ntpé', ' x-ntp', 5, true, []]
  names.each { |name| texts << JSON.generate(SOUND.merge('name' => name)) }
  versions = ['1', '1.0', '1.0.0.0', '01.0.0', '1.0.0-rc1', '1.0.0+b', '1.0.0-rc1+b', '1.0.0-', '1.0.0+', '1.0.0-rc..1', '1.0.0-01', 'v1.0.0', ' 1.0.0', '', 1, 1.0, []]
  versions.each { |version| texts << JSON.generate(SOUND.merge('version' => version)) }
  ['', 5, 'github.com/x/y', 'http://[', []].each { |source| texts << JSON.generate(SOUND.merge('source' => source)) }
  ['none', 'a b', '9a', '', 5, 'a_9', false].each { |provider| texts << JSON.generate(SOUND.merge('data_provider' => provider)) }
  ranges = ['>= 1.0.0', '>= 1.0.0 < 2.0.0', '>=1.0.0 <2.0.0', '1.x', '~> 1.2', '1.0.0 - 2.0.0', 'foo', '>= 1.0.0, < 2.0.0', '>> 1', '', '*', '>= 1.0.0 || 3.x', '^1.2', '= 1.0.0', '> 1.0.0 <', 5]
  ranges.each { |range| texts << JSON.generate(SOUND.merge('dependencies' => [{ 'name' => 'a-b', 'version_requirement' => range }])) }
  lists = [{}, 'a-b', 5, ['a-b'], [nil], [{}], [{ 'name' => 'b' }], [{ 'name' => 'a/b' }], [{ 'name' => 'A-B.c' }], [{ 'name' => 5 }],
           [{ 'name' => 'a-b' }, { 'name' => 'a-b' }],
           [{ 'name' => 'a-b', 'version_requirement' => '1.x' }, { 'name' => 'a-b', 'version_requirement' => '2.x' }],
           [{ 'name' => 'a/b', 'version_requirement' => '1.x' }, { 'name' => 'a-b', 'version_requirement' => '2.x' }],
           [{ 'name' => 'a/b', 'version_requirement' => '1.x' }, { 'name' => 'a/b', 'version_requirement' => '2.x' }]]
  lists.each { |list| texts << JSON.generate(SOUND.merge('dependencies' => list)) }
  texts
end

ENVIRONMENT_CONFS = [
  '', "# nothing\n", "\n\n", "modulepath = site:modules\n", "modulepath=site\nmodulepath=other\n", "  modulepath = site  \n", "modulepath = \"site:modules\"\n",
  "modulepath = 'site'\n", "modulepath = ./site/:modules/../other\n", "modulepath = $basemodulepath\n", "modulepath =\n", "modulepath\n", "modulepath: site\n", "; comment\n",
  "modulepath = a # b\n", "modulepath = a/{b,c}\n", "modulepath = a{owner = root}\n", "modulepath = a{mode = x}\n", "modulepath = a{mode = 755}\n", "modulepath = true\n",
  "modulpath = a\n", "foo = 1\nmanifest = x.pp\nbar = 2\n", "foo = 1\nfoo = 2\n", "foo-bar = 1\n", "= a\n", "[main]\nmodulepath = a\n", "[agent]\nmodulepath = a\n",
  "[agent]\nfoo = 1\n[user]\n[main]\nmanifest = a.pp\n", "[a b]\n", "[main\n", "[]\n", "[agent]\nnot a line\n", "MODULEPATH = a\n", "module path = a\n",
  "manifest = site.pp\n", "manifest = ./manifests/../x.pp\n", "manifest =\n", "manifest = false\n", "manifest = $confdir/x.pp\n", "config_version = bin/version.sh\n", "config_version = true\n",
  *%w[0 5 5s 3m 2h 1d 1y unlimited Unlimited -5 5x 1.5 5ms true abc 10\ m "5s"].map { |value| "environment_timeout = #{value}\n" }, "environment_timeout =\n",
  *%w[none hiera function foo].map { |value| "environment_data_provider = #{value}\n" }, "environment_data_provider =\n", "environment_data_provider = true\n",
  *%w[true false yes no 1].flat_map { |value| ["static_catalogs = #{value}\n", "rich_data = #{value}\n"] },
  "\uFEFFmodulepath = a\n", "modulepath = a\r\nmanifest = b.pp\r\n", "modulepath = é\n", "é = 1\n", "modulepath = a\n  : b\n", "modulepath = a:\\\n  b\n", "foo = 1\nenvironment_timeout = x\n", "a b\nc d\n"
].freeze

def record(name, answers)
  File.write(File.join(__dir__, name), answers.map { |answer| "#{JSON.generate(answer)}\n" }.join)
end

record('metadata.jsonl', metadata_texts.uniq.map { |text| of_metadata(text) })
record('environment_conf.jsonl', ENVIRONMENT_CONFS.map { |text| of_environment_conf(text) })
