# want + `iptables -S` -> what iptables-restore has to do; nothing where all is well.
#
# Our jumps must be the first rules of their chain: above an accept of established connections a ban also cuts those.
# Rules that do not jump to our chains are never written, moved or deleted.
function verdict(block) {
  if (block == "drop") return "DROP"
  if (block == "reset") return "REJECT --reject-with tcp-reset"
  if (family == 4) return "REJECT --reject-with icmp-" (block == "reject-host" ? "host-unreachable" : \
    block == "reject-net" ? "net-unreachable" : block == "reject-admin" ? "admin-prohibited" : "port-unreachable")
  return "REJECT --reject-with icmp6-" (block == "reject-host" ? "addr-unreachable" : \
    block == "reject-net" ? "no-route" : block == "reject-admin" ? "adm-prohibited" : "port-unreachable")
}
function ours(chain) { return (chain in hooks) || (chain in drop) || (chain in known) }

FILENAME == "want" {
  if ($1 == "chain") hooks[$2] = $3
  if ($1 == "drop") drop[$2] = 1
  if ($1 == "known") known[$2] = 1
  if ($1 == "rule") spec[$2] = spec[$2] "\n-A " $2 \
    ($3 == "all" ? "" : " -p " ($3 == "icmp" && family == 6 ? "ipv6-icmp" : $3)) \
    ($4 == "all" ? "" : " -m multiport --dports " $4) \
    " -m set --match-set " $2 (family == 6 ? "/6" : "") " src -j " verdict($5)
  next
}
$1 == "-P" || $1 == "-N" { there[$2] = 1 }
$1 == "-A" {
  if ($2 ~ /^f2b-/) have[$2] = have[$2] "\n" $0
  place[$2]++
  if (NF == 4 && $3 == "-j" && ours($4)) jump[$2, place[$2]] = $4
  else for (i = 3; i < NF; i++) if (($i == "-j" || $i == "-g") && ($(i + 1) in drop)) {
    sub(/^-A/, "-D")
    references = references $0 "\n"
    break
  }
}

END {
  for (chain in hooks) {
    if (have[chain] != spec[chain] || !(chain in there)) {
      text = text ":" chain " - [0:0]" spec[chain] "\n"
      if (chain in known) print "chain " chain " of IPv" family >> "faults"
    }
    n = split(hooks[chain], h, ",")
    for (i = 1; i <= n; i++) {
      if (!(h[i] in there)) { print "this host has no chain " h[i] " of IPv" family >> "notes"; continue }
      if (!((h[i], chain) in need)) { count[h[i]]++; if (chain in known) settled[h[i]]++ }
      need[h[i], chain] = 1
    }
  }
  for (hook in there) {
    good = 1
    old = ""
    first = 0 # how many of the jumps that were there before head the chain
    heading = 1
    stray = 0
    for (i = 1; i <= place[hook] || i <= count[hook]; i++) {
      chain = jump[hook, i]
      if (chain != "") old = old "-D " hook " -j " chain "\n"
      if (i > count[hook] ? chain != "" : !((hook, chain) in need) || ((hook, chain) in seen)) good = 0
      if (chain in known && (hook, chain) in seen) stray = 1
      if (heading && !(chain in drop)) {
        if ((hook, chain) in need && !((hook, chain) in seen)) first++
        else heading = 0
      }
      seen[hook, chain] = 1
    }
    if (good) continue
    text = text old
    for (chain in hooks) if ((hook, chain) in need) text = text "-I " hook " 1 -j " chain "\n"
    if (stray || first < settled[hook]) print "jumps at the top of " hook " of IPv" family >> "faults"
  }
  text = text references
  for (chain in drop) if (chain in there) text = text "-F " chain "\n-X " chain "\n"
  if (text != "") printf "*filter\n%sCOMMIT\n", text
}
