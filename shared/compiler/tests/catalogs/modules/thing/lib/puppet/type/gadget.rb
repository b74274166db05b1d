# A type whose titles have two parts.
Puppet::Type.newtype(:gadget) do
  def self.title_patterns
    [[%r{\A([^/]+)/(.+)\z}, [[:directory], [:name]]]]
  end
  newparam(:directory, namevar: true)
  newparam(:name, namevar: true)
  newproperty(:level)
end
