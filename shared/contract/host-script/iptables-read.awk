# `iptables -S` -> whose the chains of our names are: one whose rules do not look up our set is another program's, unless
# the state knows it.
FILENAME == "bans" { if ($1 == "j") known[$2] = 1; next }
$1 == "-A" && $2 ~ /^f2b-/ {
  if (index($0, " --match-set " $2 " src ") || index($0, " --match-set " $2 "/6 src ")) own[$2] = 1
  else other[$2] = 1
}
END {
  for (chain in own) if (!(chain in other)) print "own", chain
  for (chain in other) if (!(chain in known)) print "alien", chain
}
