# One title from two sides.
node one { @@notify { 'same': message => 'one' } @@notify { 'only one': } }
node two { @@notify { 'same': message => 'two' } }
node both { Notify <<| |>> }
node picks { Notify <<| message == 'two' |>> }
node declares_before { notify { 'same': } Notify <<| message == 'one' |>> }
node declares_after { Notify <<| title == 'only one' |>> notify { 'only one': } }
node virtual { @notify { 'only one': } Notify <<| title == 'only one' |>> }
node exports_too { @@notify { 'only one': } Notify <<| title == 'only one' |>> }
node two_collectors { Notify <<| title == 'only one' |>> Notify <<| tag == 'one' and title == 'only one' |>> }
