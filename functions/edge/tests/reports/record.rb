# Records reports as agents of several ages send them, with the reference's own classes:
#
#     ruby record.rb      # with Debian's puppet-agent and ruby-msgpack
#
# Agents to 3.2 send the report object in YAML, agents to 4 PSON, later ones JSON, or msgpack where its gem is there.
require 'puppet'
require 'msgpack'

Puppet.initialize_settings(['--node_name_value', 'web1.example.test', '--noop'])
release = 'c0de' * 16

report = Puppet::Transaction::Report.new('1700000000', 'production', 'e0a84d4d-2d0b-4a4c-8a67-5a4b0c6b8f11', nil,
                                         Time.utc(2026, 11, 23, 7, 30, 15, 250_000))
report.code_id = release
resource = Puppet::Type.type(:file).new(path: '/etc/motd', content: "a: [1\n")
status = Puppet::Resource::Status.new(resource)
status.add_event(Puppet::Transaction::Event.new(resource: resource, name: :content_changed, property: :content,
                                                status: 'failure', corrective_change: true, message: "no: \xc3\xa4\n- [",
                                                previous_value: :absent, desired_value: { 'a' => [1, nil, 2.5] }))
status.failed = true
status.corrective_change = true
report.add_resource_status(status)
report << Puppet::Util::Log.new(level: :err, message: "change from 'absent' failed:\n  status: unchanged", source: resource)
report.add_times(:config_retrieval, 1.5)
report.transaction_completed = true
report.finalize_report

here = File.dirname(__FILE__)
write = ->(name, bytes) { File.binwrite(File.join(here, name), bytes) }
write.call('report.yaml', report.to_yaml)
write.call('report.pson', report.render(:pson))
write.call('report.json', report.render(:json))
write.call('report.msgpack', report.render(:msgpack))
# Older ones write the objects within with their classes, too, and their times and symbols as YAML has them.
module Puppet::Util::PsychSupport
  def encode_with(coder)
    to_data_hash.each_key { |name| coder[name] = instance_variable_get("@#{name}") }
  end
end
write.call('objects.yaml', report.to_yaml)
