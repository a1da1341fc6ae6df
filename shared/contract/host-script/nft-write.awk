# want + jumps + ops -> one nft transaction. The table is all ours, so its chains are written anew each time.
#
# Networks live in one hash set per prefix length, looked up by the masked address: nft's interval sets refuse
# a network inside another one, and every entry here has its own timeout. What sets at priority -1 drops, no accept of
# another table brings back.
function base_of(hook) { return hook == "DOCKER-USER" ? "FORWARD" : hook ~ /^(INPUT|FORWARD|OUTPUT)$/ ? hook : "" }
function mask(family, len,  i, bits, set, out) {
  bits = family == 4 ? 8 : 16
  for (i = 1; i <= (family == 4 ? 4 : 8); i++) {
    set = len >= bits * i ? bits : len <= bits * (i - 1) ? 0 : len - bits * (i - 1)
    set = two(bits) - two(bits - set)
    out = out (i == 1 ? "" : family == 4 ? "." : ":") (family == 4 ? set : sprintf("%x", set))
  }
  return out
}
function verdict(block) {
  if (block == "drop") return "drop"
  if (block == "reset") return "reject with tcp reset"
  return "reject with icmpx type " (block == "reject-host" ? "host-unreachable" : \
    block == "reject-net" ? "no-route" : block == "reject-admin" ? "admin-prohibited" : "port-unreachable")
}
function match_of(protocol, ports, family) {
  gsub(/:/, "-", ports)
  gsub(/,/, ", ", ports)
  if (ports != "all") return protocol " dport { " ports " } "
  if (protocol == "all") return ""
  return "meta l4proto " (protocol == "icmp" && family == 6 ? "ipv6-icmp" : protocol) " "
}
function look_up(chain, family, len,  i, part, name) {
  name = chain "/" family (len == "" ? "" : "-" len)
  print "add set inet fleet2ban " name " { type " (family == 4 ? "ipv4_addr" : "ipv6_addr") "; flags timeout; }"
  for (i = 1; i <= rules[chain]; i++) {
    split(rule[chain, i], part, " ")
    lines[++nlines] = "add rule inet fleet2ban " chain " " match_of(part[1], part[2], family) (family == 4 ? "ip" : "ip6") \
      " saddr " (len == "" ? "" : "& " mask(family, len) " ") "@" name " " verdict(part[3])
  }
}
function elements(verb, list, size,  i, part, count, item, name) {
  for (i = 1; i <= size; i++) {
    split(list[i], part, " ")
    item[part[1], ++count[part[1]]] = part[2] (part[3] + 0 ? " timeout " part[3] "s" : "")
  }
  for (name in count) {
    print verb " element inet fleet2ban " name " {"
    for (i = 1; i <= count[name]; i++) print item[name, i] (i < count[name] ? "," : "")
    print "}"
  }
}

FILENAME == "want" {
  if ($1 == "chain") hooks[$2] = $3
  if ($1 == "rule") rule[$2, ++rules[$2]] = $3 " " $4 " " $5
  if ($1 == "net") nets[$2] = nets[$2] " " $3 "/" $4
  if ($1 == "drop") drop[$2] = 1
  if ($1 == "known") known[$2] = 1
  next
}
FILENAME == "jumps" {
  if ($1 == "count") looks[$2] = $3
  else { jumps[$2, $3] = 1; bases[$2] = 1 }
  next
}
$1 == "unset" { unset[$2 "/" $3 ($4 == "" ? "" : "-" $4)] = 1 }
$1 == "add" || $1 == "del" {
  slash = index($4, "/")
  name = $2 "/" $3 (slash ? "-" substr($4, slash + 1) : "")
  address = slash ? substr($4, 1, slash - 1) : $4
  if ($1 == "del" || $6 == "again") outs[++nouts] = name " " address
  if ($1 == "add") ins[++nins] = name " " address " " $5
}

END {
  print "add table inet fleet2ban"
  for (chain in hooks) {
    n = split(hooks[chain], h, ",")
    for (i = 1; i <= n; i++) {
      if ((base = base_of(h[i])) == "") { print "nftables has no chain " h[i] >> "notes"; continue }
      bases[base] = 1
      need[base, chain] = 1
    }
  }
  for (base in bases) {
    print "add chain inet fleet2ban " base " { type filter hook " tolower(base) " priority -1; policy accept; }"
    print "flush chain inet fleet2ban " base
  }
  for (chain in hooks) {
    print "add chain inet fleet2ban " chain "\nflush chain inet fleet2ban " chain
    look_up(chain, 4, "")
    look_up(chain, 6, "")
    n = split(nets[chain], h, " ")
    for (i = 1; i <= n; i++) { split(h[i], part, "/"); look_up(chain, part[1], part[2]) }
    for (base in bases) if ((base, chain) in need) {
      lines[++nlines] = "add rule inet fleet2ban " base " jump " chain
      if ((chain in known) && !((base, chain) in jumps)) print "jump to " chain " in " base >> "faults"
    }
    if ((chain in known) && looks[chain] + 0 < 2 * rules[chain]) print "chain " chain >> "faults"
  }
  for (i = 1; i <= nlines; i++) print lines[i]
  for (chain in drop) {
    print "add chain inet fleet2ban " chain "\nflush chain inet fleet2ban " chain "\ndelete chain inet fleet2ban " chain
  }
  # Older kernels give an element no other timeout, and none deletes one that has just ended: so add, delete, add.
  elements("add", outs, nouts)
  elements("delete", outs, nouts)
  elements("add", ins, nins)
  for (name in unset) print "delete set inet fleet2ban " name
}
