# A path below the demo's root.
#
# @param root The root
# @param parts Names below it
function demo::path(Demo::Path $root, String[1] *$parts) >> Demo::Path {
  ([$root] + $parts).join('/')
}
