# frozen_string_literal: true

# The data center of a host: the second label of its full name, if it has four; else `home`.
Facter.add(:demo_datacenter) do
  setcode do
    labels = Facter.value('networking.fqdn').to_s.split('.')
    labels.size == 4 ? labels[1] : 'home'
  end
end
