# frozen_string_literal: true

# The role in a host name: its letters before the number (`web` of `web01`).
Facter.add(:demo_role) do
  setcode do
    Facter.value('networking.hostname').to_s[/\A[a-z]+/]
  end
end
