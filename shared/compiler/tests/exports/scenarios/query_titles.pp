# Titles of every kind; a title that is no string.
node exporter {
  @@notify { "it's": }
  @@notify { 'say "x"': }
  @@notify { 'a[b]': }
  @@notify { 'a]b[': }
  @@notify { 'with space & %20 + = ?': }
  @@notify { 'grüße ☃ 🎭': }
  @@notify { "two\nlines": }
  @@notify { 'C:\dir': }
  @@notify { 'Case': }
  @@file { '/a/b/': ensure => directory }
}
node all { Notify <<| |>> File <<| |>> }
node q1 { Notify <<| title == "it's" |>> }
node q2 { Notify <<| title == 'case' |>> }
node q3 { Notify <<| title == 'Case' |>> }
node q4 { Notify <<| title == 'grüße ☃ 🎭' or title == "two\nlines" |>> }
node q5 { Notify <<| title == 1 |>> }
node q6 { Notify <<| title == undef |>> }
node q7 { File <<| title == '/a/b' |>> }
node q8 { File <<| path == '/a/b' |>> }
node q9 { Notify <<| title == true |>> }
node q10 { $titles = ['Case', 'a[b]'] Notify <<| title == $titles |>> }
node q11 { Notify <<| name == 'Case' |>> }
node q12 { Notify <<| title != undef |>> }
