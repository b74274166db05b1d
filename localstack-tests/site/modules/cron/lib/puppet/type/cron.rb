# frozen_string_literal: true

# Jobs by time. Compilers need to know the type's attributes; the provider comes with the agents'
# own packages.
Puppet::Type.newtype(:cron) do
  @doc = 'A job that cron runs.'

  ensurable

  newparam(:name, namevar: true) do
    desc 'Names the job in the table.'
  end

  newproperty(:command) do
    desc 'What is run.'
  end

  newproperty(:user) do
    desc 'Who runs it.'
  end

  newproperty(:target) do
    desc 'Whose table it is in.'
  end

  newproperty(:special) do
    desc 'A time by name, such as `daily`.'
  end

  newproperty(:environment, array_matching: :all) do
    desc 'Settings of the environment, as NAME=value.'
  end

  %w[minute hour weekday month monthday].each do |unit|
    newproperty(unit.to_sym, array_matching: :all) do
      desc "The #{unit}s at which it runs."
    end
  end

  autorequire(:user) { self[:user] }
end
