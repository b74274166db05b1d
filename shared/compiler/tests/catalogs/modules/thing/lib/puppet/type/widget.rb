# A type with a provider.
Puppet::Type.newtype(:widget) do
  ensurable do
    defaultvalues
  end
  newparam(:name, namevar: true) do
    desc 'The name.'
  end
  newproperty(:colour) do
    desc 'The colour.'
  end
end
