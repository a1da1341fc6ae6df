# `ipset save` of our sets -> kernel lines. A set of our name that is of another kind belongs to another program.
$1 == "create" {
  six = $5 == "inet6"
  chain = $2
  fits = $3 == "hash:net" && $0 ~ / timeout / && six == (chain ~ /\/6$/)
  sub(/\/6$/, "", chain)
  if (fits) name[$2] = chain
  print (fits ? "set" : "alien"), chain, (six ? 6 : 4)
}
$1 == "add" && ($2 in name) { print "elem", name[$2], $3, ($4 == "timeout" ? $5 : 0) }
