# Records what MRI makes of patterns: ruby tests/regex.rb > tests/regex.jsonl
# A line: {"pattern", "subject", "match": null or [begin byte, end byte, groups], or "error"}; or of String#sub, gsub, split.
require 'json'

MATCHES = [
  ['a.c', "a\nc"], ['(?m)a.c', "a\nc"], ['(?m:a.)c', "a\nc"], ['(?m-i:a.)b.', "a\nb\n"], ['^b$', "a\nb\nc"], ['\Ab', "a\nb"],
  ['b\z', "b\n"], ['b\Z', "b\n"], ['a$', "a\n"], ['^', "a\n"], ['^$', "a\n\nb"], ['$', "a\n"], ['\n^', "a\n"],
  ['\w+', 'äöü'], ['\w+', 'aé'], ['\d', '٣'], ['\s', "\u00a0"], ['\s', "\v"], ['\S', "\u00a0"], ['\W', 'é'], ['\b.', 'é'],
  ['[[:alpha:]]+', 'äöü'], ['[[:digit:]]', '٣'], ['[[:space:]]', "\u00a0"], ['[[:^alpha:]]', 'ä1'], ['[[:upper:]]+', 'ÄÖa'],
  ['[[:punct:]]+', '!$+<=>^`|~"#%&'], ['[[:word:]]+', 'aé_1-'], ['[[:xdigit:]]+', 'fFgG'], ['[[:alnum:]_]+', 'é1_-'],
  ['[[:blank:]]+', "a \t\n"], ['[[:cntrl:]]', "a\u0001"], ['[[:graph:]]+', " a\u00e9 b"], ['[[:print:]]+', "\na b\n"],
  ['\h+', 'xFf0'], ['\H+', '0gz'], ['[\h]+', 'zaf'], ['[^\h]+', 'afxz'], ['\R', "a\r\nb"], ['a\Rb', "a\nb"], ['\X', 'e'],
  ['(?<n>a)(b)', 'ab'], ['(a)(b)?', 'a'], ['(?<x>a)|(?<y>b)', 'b'], ["(?'q'a)b", 'ab'], ['(?<n>.)\k<n>', 'xaab'], ['(.)\1', 'xaab'],
  ['(?:a)(b)', 'ab'], ['(?<x>a)(?<x>b)', 'ab'],
  ['\101\x42\u0043\u{44}', 'ABCD'], ['\u{41 42}', 'AB'], ['\0', "a\0"], ['\t\n\r\f\v\a\e', "\t\n\r\f\v\a\e"], ['\cA', "\u0001"],
  ['\C-a', "\u0001"], ['\x4', "\u0004"], ['\/', '/'], ['\-\ \#', '- #'], ['\y', 'y'], ['\N', 'N'], ['\O', 'O'], ['[\b]', "\b"],
  ['a++b', 'aab'], ['a*+a', 'aa'], ['a?+a', 'a'], ['(?>a+)a', 'aa'], ['a{2}+', 'aaaa'], ['a{,2}', 'aaa'], ['a{2,}', 'aaa'],
  ['a{1,2}?', 'aa'], ['a{,}', 'a{,}'], ['a{x', 'a{x'], ['x{', 'x{'], ['{1}', '{1}'], ['a**', 'aaa'], ['a+?', 'aa'], ['a{0}b', 'ab'],
  ['(?i)ABC', 'abc'], ['(?i:A)b', 'ab'], ['(?i:A)B', 'ab'], ['a(?i)b|c', 'aC'], ['(?x) a b # c', 'ab'], ['(?x: a )b', 'ab'], ['(?i-m)A', 'a'],
  ['(?mix)A .', "a\n"], ['(?#note)a', 'a'], ['(?-mix:a)', 'a'], ['(?a)\w', 'é'], ['(?u)\w', 'é'], ['(?i)straße', 'STRASSE'], ['(?i)É', 'é'],
  ['a(?=b)', 'ab'], ['a(?!b)', 'abac'], ['(?<=a)b', 'ab'], ['(?<!a)b', 'abcb'], ['\Gb', 'ab'], ['\Ga', 'ab'],
  ['[a-z&&[^b]]+', 'abc'], ['[a-z&&[aeiou]]+', 'bae'], ['[[a][b]]+', 'ab'], ['[]a]', ']'], ['[^]a]', 'b'], ['[a-]', '-'], ['[-a]', '-'],
  ['[a\]]', ']'], ['[\w.-]+', 'é-a.b'], ['[\d\-x]+', '1-x'], ['[[]', '['], ['[a&&]', 'a'], ['[\x41-\x43]+', 'ABCD'], ['[\u0041]', 'A'],
  ['\p{Alpha}+', 'é1'], ['\p{^Alpha}', 'é1'], ['\P{Alpha}', 'é1'], ['\p{Lu}', 'aÉ'], ['\p{Greek}+', 'abγδ'], ['\p{Digit}', '٣'],
  ['(a)?(?(1)b|c)', 'ab'], ['(?<b>\((?:[^()]|\g<b>)*\))', 'x(a(b)c)'], ['\Aa\K b', 'a b'], ['a|b|', 'c'], ['', 'abc'], ['(|a)+', 'aaa'],
  ['a\z\n?', "a\n"], ['(?:(a)|b)*', 'ab'], ['(a*)*', 'aa'], ['[^a]', "\n"], ['.', "\n"], ['.', '😀'], ['é', 'aé'], ['(', 'a'], [')', 'a'],
  ['[', 'a'], ['a]', 'a]'], ['*', 'a'], ['a{2,1}', 'aa'], ['(?<n', 'a'], ['(?z)', 'a'], ['[b-a]', 'a'], ['\\', 'a'], ['\p{Nope}', 'a'],
  ['(?<n>a)\1', 'aa'], ['\k<n>', 'a'], ['(?<=a+)b', 'ab'], ['[[:nope:]]', 'a'], ['\2(a)', 'a'], ['(?s)a', 'a'], ['\u12', 'a'], ['\xZ', 'a'],
  ['^[a-z0-9]+(?:-[a-z0-9]+)*$', 'ab-c1'], ['\A((([a-z]|[a-z][\w\-]*\w)\.)*)', 'a-b.c.'], ['\A(/[^/\0]+)+/?\z', '/a/b'], ['(?i)\A(true|false)\Z', "TRUE\n"],
]

REPLACED = [
  ['(a)(b)', 'xabyab', '<\2\1>'], ['a', 'aaa', '\0\0'], ['(?<n>a)', 'bab', '[\k<n>]'], ['a', 'a', '\\\\'], ['a', 'bab', '\&'], ['b', 'abc', '\`'],
  ['b', 'abc', "\\'"], ['a', 'a', '\9x'], ['x*', 'abc', '-'], ['', 'é', '.'], ['a', 'a', '\x'], ['$', "a\nb\n", '!'], ['^', "a\nb\n", '> '],
  ['\b', 'ab cd', '|'], ['(a)|b', 'ab', '<\1>'], ['a', 'a', '\\'], ['.', "a\nb", '\k<n'], ['\s+\z', "a \n", ''],
]

SPLIT = [
  [',', 'a,b,,c,,'], ['(,)', 'a,b'], ['', 'abc'], ['\s*', 'a b c'], ['x', ''], ['x', 'abc'], [',', ',a'], ['', ''], ['b*', 'abc'], ['(b)?', 'abc'],
  ['(?=b)', 'abab'], ['\s+', ' a b '], ['', 'é😀'], ['^', "a\nb\nc"], ['$', "a\nb\n"], ['\b', 'ab cd'], ['(a)|b', 'xaybz'], ['.', 'abc'], ['c', 'abc'],
]

def record(line)
  yield line
rescue RegexpError, IndexError, RuntimeError => e
  line['error'] = e.message
ensure
  puts JSON.generate(line)
end

MATCHES.each do |pattern, subject|
  record('pattern' => pattern, 'subject' => subject) do |line|
    found = Regexp.new(pattern).match(subject)

      line['match'] = found && [found.pre_match.bytesize, found.pre_match.bytesize + found[0].bytesize, found.captures]
  end
end
REPLACED.each do |pattern, subject, replacement|
  record('pattern' => pattern, 'subject' => subject, 'replacement' => replacement) do |line|
    line['sub'] = subject.sub(Regexp.new(pattern), replacement)
    line['gsub'] = subject.gsub(Regexp.new(pattern), replacement)
  end
end
SPLIT.each do |pattern, subject|
  record('pattern' => pattern, 'subject' => subject) { |line| line['split'] = subject.split(Regexp.new(pattern)) }
end
