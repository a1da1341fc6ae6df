# `nft list table inet fleet2ban` -> kernel lines, and into "jumps" which chains are there.
function seconds(text,  total, n) {
  while (match(text, /^[0-9]+[a-z]+/)) {
    n = substr(text, 1, RLENGTH)
    text = substr(text, RLENGTH + 1)
    total += n * (n ~ /ms$/ ? 0.001 : n ~ /s$/ ? 1 : n ~ /m$/ ? 60 : n ~ /h$/ ? 3600 : n ~ /d$/ ? 86400 : 604800)
  }
  return total < 1 ? 1 : int(total)
}
$1 == "set" {
  chain = $2
  sub(/\/[46](-[0-9]+)?$/, "", chain)
  split(substr($2, length(chain) + 2), part, "-")
  print "set", chain, part[1], part[2]
  slash = part[2] == "" ? "" : "/" part[2]
}
$1 == "elements" { inside = 1; sub(/^.*\{/, "") }
inside {
  last = sub(/\}.*/, "")
  n = split($0, element, ",")
  for (i = 1; i <= n; i++) if ((m = split(element[i], word, " "))) {
    left = 0
    for (k = 2; k < m; k++) if (word[k] == "expires") left = seconds(word[k + 1])
    print "elem", chain, word[1] slash, left
  }
  if (last) inside = 0
}
$1 == "chain" { base = $2; if (base ~ /^f2b-/) print "own", base }
$1 == "jump" { print "jump", base, $2 >> "jumps" }
base ~ /^f2b-/ && / @/ { count[base]++ }
END { for (chain in count) print "count", chain, count[chain] >> "jumps" }
