# The plan: what is known of the bans + the kernel + what was sent -> what will be known, and what the kernel needs.
#
# Reads   src=state   f FORMAT BACKEND ASOF | j CHAIN REVISION HOOKS | p CHAIN PROTOCOL PORTS BLOCK
#                     | b/u CHAIN TARGET GENERATION EXPIRY LEARNT | e      (one ban a line: a torn line costs only itself)
#                     (a instead of j: the chain of that name was another program's)
#         src=kernel  set CHAIN FAMILY [PREFIX] | elem CHAIN TARGET SECONDS | own CHAIN | alien CHAIN
#         src=wire    core/firewall/encode.ts
# Writes  bans.new (state), ops (set, add, del, unset), want (chain, rule, net, known, drop), live, counts, standing,
#         refusals, notes. Exits 3 where the wire is torn: then nothing of it counts.

function chain_ok(s) { return s ~ /^f2b-[A-Za-z0-9_.-]+$/ && length(s) <= 28 }
function edge_ok(s) { return s == "-" || s ~ /^f2b-[A-Za-z0-9_.-]+,[0-9a-f.:\/]+$/ }
function hooks_ok(hooks,  n, h, i) {
  n = split(hooks, h, ",")
  for (i = 1; i <= n; i++) if (h[i] !~ /^[A-Za-z0-9_.][A-Za-z0-9_.-]*$/ || length(h[i]) > 28 || h[i] ~ /^f2b-/) return 0
  return n > 0 && n <= 8
}
# iptables' multiport takes 15 ports, a range counting twice.
function ports_ok(ports, protocol,  n, p, r, i, slots) {
  if (ports == "all") return 1
  if (protocol !~ /^(tcp|udp|udplite|sctp|dccp)$/) return 0
  n = split(ports, p, ",")
  for (i = 1; i <= n; i++) {
    slots += split(p[i], r, ":")
    if (p[i] !~ /^[0-9]+(:[0-9]+)?$/ || !number(r[1]) || r[1] + 0 > 65535) return 0
    if (p[i] ~ /:/ && (!number(r[2]) || r[2] + 0 > 65535 || r[1] + 0 > r[2] + 0)) return 0
  }
  return n > 0 && slots <= 15
}
function rule_ok(protocol, ports, block) {
  if (protocol !~ /^(all|icmp|tcp|udp|udplite|sctp|dccp)$/ || !ports_ok(ports, protocol)) return 0
  return block ~ /^(drop|reject|reject-host|reject-net|reject-admin)$/ || (block == "reset" && protocol == "tcp")
}

function refuse(reason,  text) {
  text = $0
  gsub(/[^A-Za-z0-9.:\/,_ -]/, "?", text)
  if (++refused <= 8) print reason " in line " FNR " (" substr(text, 1, 60) ")" > "refusals"
}
function split_key(key,  comma) {
  comma = index(key, ",")
  chain = substr(key, 1, comma - 1)
  target = substr(key, comma + 1)
  family = target ~ /:/ ? 6 : 4
  prefix = target ~ /\// ? substr(target, index(target, "/") + 1) : ""
}
function later(a, b) { return b + 0 != 0 && (a + 0 == 0 || a + 0 > b + 0) }

# A full list speaks for the keys from <= key < to, and for what this host learnt before the list was read.
function inside(key) { return (from == "-" || key >= from) && (to == "-" || key < to) }
function covers(chain) { return (from == "-" || chain "," >= from) && (to == "-" || chain "-" <= to) }
function replaceable(key) { return mode == "reconcile" && !(key in listed) && (asof == "" || learnt[key] + 0 < asof + 0) }

# The newest generation wins; of one generation the unban, then the longer ban: any order ends in the same state.
function learn(key, kind, g, e) {
  if (key in gen) {
    if (gen[key] == g && kinds[key] == kind && (kind == "u" || expiry[key] == e)) return 0
    if (!replaceable(key)) {
      if (g + 0 < gen[key] + 0) return 0
      if (g + 0 == gen[key] + 0 && (kinds[key] == "u" || (kind == "b" && !later(e, expiry[key])))) return 0
    }
  }
  gen[key] = g; kinds[key] = kind; expiry[key] = e; learnt[key] = now
  return 1
}
# A change tells how much later than `soonest` it ends and than `oldest` it was made: into `e` and `g`. 0 = it tells it wrong.
function timed() {
  if (NF == 2) { e = soonest; g = oldest; return 1 }
  if (NF != ($1 == "b" ? 4 : 3)) return 0
  e = $1 == "u" || $3 == "-" ? 0 : after(soonest, $3)
  g = after(oldest, $NF)
  return e != "" && g != ""
}
function after(time, more) {
  if (!number(more) || time + more >= 1000000000000000) return ""
  return more == 0 ? time : sprintf("%.0f", time + more)
}
function settle_rules(  i) {
  if (pending && (!(cur in revision) || currevision + 0 >= revision[cur] + 0)) {
    revision[cur] = currevision; hooks[cur] = curhooks; rules[cur] = pending
    for (i = 1; i <= pending; i++) rule[cur, i] = fresh[i]
  }
  pending = 0
}

src == "state" {
  if ($1 == "f") { if (number($4)) last = $4 }
  else if (($1 == "j" || $1 == "a") && NF == 4 && chain_ok($2) && number($3) && hooks_ok($4)) {
    revision[$2] = $3; hooks[$2] = $4
    if ($1 == "j") known[$2] = 1
  }
  else if ($1 == "p" && NF == 5 && ($2 in revision) && rule_ok($3, $4, $5)) {
    rule[$2, ++rules[$2]] = $3 " " $4 " " $5
  }
  else if (($1 == "b" || $1 == "u") && NF == 6 && chain_ok($2) && target_of($3) == $3 && number($4) && number($5) && number($6)) {
    key = $2 "," $3
    kinds[key] = $1; gen[key] = $4; expiry[key] = $5; learnt[key] = $6
  }
  else if ($1 != "e") torn++
  next
}
src == "kernel" {
  if ($1 == "set") { sets[$2 " " $3 " " $4] = 1; held[$2] = 1 }
  else if ($1 == "own") held[$2] = 1
  else if ($1 == "alien") alien[$2] = 1
  else if ((target = target_of($3)) != "") have[$2 "," target] = $4
  next
}
NF == 0 { next }
ended { broken = 1; next }
!header { if ($0 != "fleet2ban 1") broken = 1; header = 1; next }
$1 == "end" { settle_rules(); ended = 1; if (NF != 2 || $2 != sent + 0 "") broken = 1; next }
{ sent++ }
/[^A-Za-z0-9.:\/,_ -]/ { refuse("strange characters"); next }
$1 == "r" {
  if (sent != 1 || asked != "reconcile" || (NF != 3 && !(NF == 4 && number($4))) || !(edge_ok($2) && edge_ok($3))) { broken = 1; next }
  from = $2; to = $3; asof = $4; ranged = 1
  if (asof != "" && asof + 0 < last + 0) { mode = "apply"; print "older than the last full list: nothing was taken away" >> "notes" }
  else if (asof != "") last = asof
  next
}
$1 == "j" {
  settle_rules()
  cur = ""
  if (!((NF == 2 || (NF == 4 && number($3) && hooks_ok($4))) && chain_ok($2))) { refuse("not a jail"); next }
  cur = $2; currevision = $3; curhooks = $4; soonest = oldest = 0
  next
}
$1 == "t" {
  if (cur != "" && NF == 3 && number($2) && number($3)) { soonest = $2; oldest = $3; next }
  refuse("not a time")
  cur = ""; pending = 0
  next
}
$1 == "p" {
  if (cur != "" && curhooks != "" && NF == 4 && rule_ok($2, $3, $4)) { fresh[++pending] = $2 " " $3 " " $4; next }
  refuse("not a rule")
  cur = ""; pending = 0
  next
}
$1 == "b" || $1 == "u" {
  settle_rules()
  changes++
  target = target_of($2)
  if (cur == "") refuse("no jail")
  else if (target == "") refuse(why)
  else if (!timed()) refuse("not a change")
  else if ($1 == "u") { if (learn(cur "," target, "u", g, now)) unbanned++; else stale++ }
  else if (!(cur in rules)) refuse("no rule for the jail")
  else {
    if (!learn(cur "," target, "b", g, e)) stale++
    else if (e != 0 && e + 0 <= now + 0) expired++
    else banned++
    listed[cur "," target] = 1
  }
  next
}
{ refuse("not a change") }

END {
  if (input && (!ended || broken || (asked == "reconcile" && !ranged))) exit 3
  if (torn) print torn " lines of the state could not be read" >> "notes"

  for (key in gen) {
    if (mode == "reconcile" && inside(key) && replaceable(key)) delete gen[key]
    else if (mode != "clear" && kinds[key] == "b" && (expiry[key] == 0 || expiry[key] + 0 > now + 0)) {
      live[key] = 1
      split_key(key)
      bans[chain]++
    } else { # What ended is kept for a day, longer than any older command may be on its way.
      over = kinds[key] == "b" && expiry[key] + 0 > learnt[key] + 0 ? expiry[key] : learnt[key]
      if (over + 86400 < now + 0) delete gen[key]
    }
  }

  print "f 1 " backend " " (last == "" ? 0 : last) > "bans.new"
  for (chain in known) print "known " chain > "want"
  for (chain in rules) {
    if (!bans[chain] && !(chain in known)) continue
    if (mode == "clear" || (mode == "reconcile" && !bans[chain] && covers(chain))) { gone[chain] = 1; continue }
    print ((chain in alien) ? "a " : "j ") chain " " revision[chain] " " hooks[chain] > "bans.new"
    for (i = 1; i <= rules[chain]; i++) print "p " chain " " rule[chain, i] > "bans.new"
    if (chain in alien) { print chain " belongs to another program (Fail2Ban?) and was not touched" >> "notes"; continue }
    print "chain " chain " " hooks[chain] > "want"
    for (i = 1; i <= rules[chain]; i++) print "rule " chain " " rule[chain, i] > "want"
    up[chain] = 1
    for (f = 4; f <= (ipv6 ? 6 : 4); f += 2) if (!((chain " " f " ") in sets)) print "set " chain " " f > "ops"
  }
  for (chain in held) if (mode == "clear" || (mode == "reconcile" && !(chain in up) && covers(chain))) gone[chain] = 1
  for (chain in gone) if (!(chain in alien)) print "drop " chain > "want"

  for (key in gen) {
    split_key(key)
    print kinds[key] " " chain " " target " " gen[key] " " expiry[key] " " learnt[key] > "bans.new"
  }
  print "e" > "bans.new"
  for (key in live) {
    split_key(key)
    standing++
    print chain " " target " " expiry[key] > "live"
    if (family == 6 && !ipv6) { skipped++; continue }
    if (!(chain in up)) { missing++; continue }
    if (prefix != "") nets[chain " " family " " prefix] = 1
    left = expiry[key] == 0 ? 0 : expiry[key] - now
    if (left > 2147483) left = 0 # as far as kernels count: the unban, or a later run, ends these
    if (key in have) {
      drift = have[key] - left
      if ((have[key] == 0) == (left == 0) && drift <= 2 && drift >= -2) continue
      retimed++
    } else { added++; if (left == 0 || left > 2) missing++ }
    print "add " chain " " family " " target " " left " " ((key in have) ? "again" : "new") > "ops"
  }
  for (key in have) {
    split_key(key)
    if (key in live) continue
    if (chain in gone) { removed++; continue }
    if ((key in gen) || (mode == "reconcile" && inside(key))) { removed++; print "del " chain " " family " " target > "ops" }
    else foreign++
    if (prefix != "") nets[chain " " family " " prefix] = 1
  }
  for (n in nets) print "net " n > "want"
  for (s in sets) {
    split(s, part, " ")
    if ((part[1] in gone) || (part[3] != "" && !(s in nets))) print "unset " s > "ops"
  }
  printf "\"changes\":%d,\"banned\":%d,\"unbanned\":%d,\"stale\":%d,\"expired\":%d,\"refused\":%d,\"added\":%d,\"retimed\":%d,\"removed\":%d",
    changes, banned, unbanned, stale, expired, refused, added, retimed, removed > "counts"
  print standing + 0, skipped + 0, missing + 0, foreign + 0 > "standing"
}
