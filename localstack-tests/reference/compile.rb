#!/usr/bin/env ruby
# The oracle: compiles catalogs with the installed Puppet, as its server does for an agent.
#
# One warm process: reads one JSON request a line on standard input, answers with one JSON line on
# standard output, in order. It writes nothing but a temporary directory of its own.
#
# Request (only `node` is needed):
#   node          certname
#   env_dir       root of the environment (environment.conf, hiera.yaml, manifests/, modules/)
#   environment   its name; default production
#   modulepath    list of module directories, instead of environment.conf's
#   manifest      main manifest (file or directory), instead of environment.conf's
#   code          source of the main manifest, instead of any
#   facts         object of values by name, or a facts document {name, values}
#   trusted       object merged over {authenticated: remote, certname, hostname, domain, ...}
#   server_facts  object for $server_facts
#   classes       a node classifier's classes: list, or object of name => parameters
#   parameters    a node classifier's parameters: object
#   settings      Puppet's settings by name, over strict=error, strict_variables=true
#   static        true: a static catalog, with `code_id` (default `static`) and inlined metadata
#   format        rich (default) or plain
#   include_virtual  true: as before the filter for agents
#   puppetdb      URL of a PuppetDB: exported resources are collected from it, and the catalog is stored in it
#   exports       exported resources to collect from instead, a list as PuppetDB gives it
#   log_level     default notice
#   warm          true: keep what is parsed from the last request for the same environment
#
# Answer: {catalog | error: {message, basic_message, file, line, column, issue_code},
#          logs: [{level, message, source, file, line}], ms, serialize_ms}

require 'json'
require 'net/http'
require 'securerandom'
require 'tmpdir'
require 'fileutils'
require 'puppet'
require 'puppet/util/log'
require 'puppet/indirector/catalog/compiler'
require 'puppet/indirector/code'
require 'puppet/resource'

module Reference
  DEFAULTS = { 'strict' => 'error', 'strict_variables' => true, 'rich_data' => true }.freeze

  # Answers collectors from a list, as PuppetDB and its terminus do.
  class Puppet::Resource::Given < Puppet::Indirector::Code
    desc 'Exported resources that were given.'

    attr_writer :exports

    def search(request)
      host, filter, scope = request.options.values_at(:host, :filter, :scope)
      found = @exports.select do |one|
        one['type'] == request.key && one['certname'] != host && (filter.nil? || holds?(filter, one))
      end
      found.sort_by { |one| one.values_at('certname', 'title') }.map { |one| collected(one, scope) }
    end

    private

    def holds?(filter, resource)
      left, operator, right = filter
      case operator
      when 'and' then holds?(left, resource) && holds?(right, resource)
      when 'or' then holds?(left, resource) || holds?(right, resource)
      else same?(left, right, resource) == (operator == '==')
      end
    end

    def same?(field, value, resource)
      case field
      when 'title' then resource['title'] == value
      when 'tag' then (resource['tags'] || []).include?(value.downcase)
      else (resource['parameters'] || {})[field].eql?(JSON.parse([value].to_json).first)
      end
    end

    def collected(resource, scope)
      parameters = (resource['parameters'] || {}).map do |name, value|
        Puppet::Parser::Resource::Param.new(name: name, value: value)
      end
      type = Puppet::Pops::Evaluator::Runtime3ResourceSupport.find_resource_type(scope, resource['type'])
      Puppet::Parser::Resource.new(type, resource['title'], parameters: parameters, scope: scope).tap do |made|
        made.collector_id = resource.values_at('certname', 'type', 'title').join('|')
      end
    end
  end

  # A log destination that keeps what it gets.
  class Entries < Array; end

  Puppet::Util::Log.newdesttype :entries do
    match 'Reference::Entries'

    def initialize(entries)
      @entries = entries
    end

    def handle(message)
      @entries << message
    end
  end

  class Worker
    def initialize(dir)
      @dir = dir
      @environments = File.join(dir, 'environments')
      FileUtils.mkdir_p(@environments)
      start_puppet
      # Not initialized: that only asks this machine for the server's own facts; a request brings those.
      @terminus = Puppet::Resource::Catalog::Compiler.allocate
      # A networked one logs every error once more.
      @terminus.define_singleton_method(:networked?) { false }
      @key = nil
    end

    def answer(request)
      entries = Entries.new
      Puppet::Util::Log.level = (request['log_level'] || 'notice').to_sym
      Puppet::Util::Log.newdestination(entries)
      reply = begin
        compile(request)
      rescue Exception => error # rubocop:disable Lint/RescueException
        raise if error.is_a?(Interrupt) || error.is_a?(SystemExit)

        { 'error' => describe(error) }
      ensure
        Puppet::Util::Log.close(entries)
      end
      reply.merge('logs' => entries.map { |entry| log(entry) })
    end

    private

    # A server's settings with every directory under ours.
    def start_puppet
      args = { 'confdir' => 'conf', 'codedir' => 'code', 'vardir' => 'var', 'rundir' => 'run', 'logdir' => 'log',
               'publicdir' => 'public', 'environmentpath' => 'environments' }
             .flat_map { |name, sub| ["--#{name}", File.join(@dir, sub)] }
      args += ['--versioned_environment_dirs', '--environment_timeout', 'unlimited', '--storeconfigs=false']
      Puppet.settings.preferred_run_mode = :server
      Puppet.initialize_settings(args, false)
      Puppet[:basemodulepath] = ''
      Puppet[:facts_terminus] = :memory
      Puppet::FileServing::Metadata.indirection.terminus_class = :file_server
    end

    def settings(request)
      puppetdb(request['puppetdb']) if request['puppetdb']
      collect_from(request['exports']) if request['exports']
      @set&.each { |name, value| Puppet[name.to_sym] = value }
      wanted = DEFAULTS.merge(request['settings'] || {}, 'storeconfigs' => stores?(request))
      @set = wanted.keys.to_h { |name| [name, Puppet[name.to_sym]] }
      wanted.each { |name, value| Puppet[name.to_sym] = value }
      Puppet[:code] = request['code'] || ''
      Puppet[:static_catalogs] = request['static'] ? true : false
    end

    def stores?(request)
      request.key?('puppetdb') || request.key?('exports')
    end

    # Exported resources of a request, in PuppetDB's place.
    def collect_from(exports)
      Puppet[:storeconfigs_backend] = 'given'
      Puppet::Resource.indirection.terminus(:given).exports = exports
    end

    # PuppetDB's terminus asks for HTTPS in its configuration file, so it is configured here.
    def puppetdb(url)
      return if url == @puppetdb

      @puppetdb = url
      Puppet[:storeconfigs_backend] = 'puppetdb'
      require 'puppet/util/puppetdb'
      defaults = Puppet::Util::Puppetdb::Config.load(File::NULL)
      config = defaults.send(:config).merge(server_urls: [URI(url)])
      Puppet::Util::Puppetdb.instance_variable_set(:@config, Puppet::Util::Puppetdb::Config.new(config))
      order_answers
    end

    # PuppetDB answers in no certain order; a catalog that can be compared needs one.
    def order_answers
      Puppet::Resource.indirection.terminus(:puppetdb).define_singleton_method(:search) do |query|
        super(query).sort_by { |found| found.collector_id.split('|', 3) }
      end
    end

    # Stores a catalog as the server does, and waits until PuppetDB has it.
    def store(catalog, environment)
      catalog.catalog_uuid = SecureRandom.uuid
      request = Puppet::Indirector::Request.new(:catalog, :save, catalog.name, catalog, environment: environment)
      Puppet::Resource::Catalog.indirection.terminus(:puppetdb).save(request)
      uri = URI("#{@puppetdb}/pdb/query/v4/catalogs/#{catalog.name}")
      300.times do
        return if Net::HTTP.get(uri).include?(catalog.catalog_uuid)

        sleep 0.1
      end
      raise "PuppetDB did not take the catalog of #{catalog.name}"
    end

    # The environment of a request. It is a link in our own environmentpath, which Puppet resolves
    # (versioned_environment_dirs), so that paths in catalogs are the real ones.
    def environment(request)
      settings(request)
      key = request.values_at('env_dir', 'environment', 'modulepath', 'manifest', 'code', 'settings', 'static')
      return @environment if request['warm'] && key == @key

      name = request['environment'] || 'production'
      link(name, request['env_dir'])
      Puppet.lookup(:environments).clear_all
      Puppet::Parser::Functions.reset
      environment = Puppet.lookup(:environments).get(name)
      overrides = {}
      overrides[:modulepath] = request['modulepath'] if request['modulepath']
      overrides[:manifest] = File.expand_path(request['manifest']) if request['manifest']
      environment = environment.override_with(overrides) unless overrides.empty?
      @key = key
      @environment = environment
    end

    def link(name, target)
      path = File.join(@environments, name)
      File.unlink(path) if File.symlink?(path)
      target ||= File.join(@dir, 'empty').tap { |empty| FileUtils.mkdir_p(empty) }
      File.symlink(File.realpath(target), path)
    end

    def node(request, environment)
      name = request.fetch('node')
      values = request['facts'] || {}
      values = values['values'] if values['values'].is_a?(Hash) && values.key?('name')
      node = Puppet::Node.new(name, environment: environment,
                                    classes: request['classes'] || [],
                                    parameters: request['parameters'] || {})
      node.fact_merge(Puppet::Node::Facts.new(name, values))
      node.add_server_facts(request['server_facts'] || {})
      trusted = Puppet::Context::TrustedInformation.new('remote', name, {}, {}).to_h
      node.trusted_data = trusted.merge(request['trusted'] || {})
      node
    end

    def compile(request)
      environment = environment(request)
      catalog = hash = nil
      options = request['static'] ? { static_catalog: true, code_id: request['code_id'] || 'static', checksum_type: 'sha256' } : {}
      compile_ms = serialize_ms = 0
      Puppet.override(current_environment: environment) do
        node = node(request, environment)
        compile_ms = time do
          catalog = @terminus.send(:compile, node, options)
          store(catalog, environment) if request['puppetdb']
          catalog = @terminus.filter(catalog) unless request['include_virtual']
        end
        plain = request['format'] == 'plain'
        Puppet.override(plain ? { stringify_rich: true } : { rich_data: environment.rich_data? }) do
          serialize_ms = time { hash = JSON.parse(catalog.to_json) }
        end
      end
      { 'catalog' => hash, 'ms' => compile_ms, 'serialize_ms' => serialize_ms }
    end

    def time
      start = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      yield
      ((Process.clock_gettime(Process::CLOCK_MONOTONIC) - start) * 1000).round(3)
    end

    def describe(error)
      detail = { 'message' => error.to_s }
      detail['basic_message'] = error.basic_message if error.respond_to?(:basic_message)
      detail['file'] = error.file if error.respond_to?(:file)
      detail['line'] = error.line if error.respond_to?(:line)
      detail['column'] = error.pos if error.respond_to?(:pos)
      detail['issue_code'] = error.issue_code if error.respond_to?(:issue_code)
      detail['class'] = error.class.name
      detail.compact
    end

    def log(entry)
      { 'level' => entry.level, 'message' => entry.message, 'source' => entry.source,
        'file' => entry.file, 'line' => entry.line, 'issue_code' => entry.issue_code }.compact
    end
  end

  def self.run(input, output)
    Dir.mktmpdir('bunraku-reference') do |dir|
      worker = Worker.new(dir)
      input.each_line do |line|
        next if line.strip.empty?

        begin
          request = JSON.parse(line)
          reply = worker.answer(request)
          reply['id'] = request['id'] if request.key?('id')
        rescue JSON::ParserError => error
          reply = { 'error' => { 'message' => "not a JSON request: #{error.message}" } }
        end
        output.puts(JSON.generate(reply))
        output.flush
      end
    end
  end
end

# What modules print must not get between the answers.
answers = $stdout.dup
$stdout.reopen($stderr)
Reference.run($stdin, answers)
