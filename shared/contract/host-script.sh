#!/bin/sh
# The fleet2ban host script: makes this host's firewall say what the ban rows say. Run as root, by SSM or locally.
#
# Every run has one shape: what is known of the bans (a file) is merged with what was sent, the kernel is read, the
# difference is written at once, and the kernel is read again. So a run may come twice, late, in any order or next to
# another one, and every run heals what was lost: sets after a reboot, jumps flushed or pushed down by somebody's -I.
# What was sent is parsed by awk alone; the shell never expands, splits or evaluates it.
#
#   SSM_Mode      apply | reconcile | status | clear; no default, so an agent that cannot pass variables fails here
#   SSM_Changes   the text of core/firewall/encode.ts; unset = standard input
#   SSM_Deadline  epoch seconds; later than that nothing is done
#   FLEET2BAN_STATE, FLEET2BAN_BACKEND (auto | ipset | nft), FLEET2BAN_PATH: for odd hosts and tests
#
# Prints one line of JSON (core/firewall/receipt.ts). Exit: 0 done, 1 something is not in the kernel, 64 bad call,
# 65 bad input, 69 no firewall, 70 the kernel refused, 71 a tool of this host is broken, 73 no state directory, 75 late or locked, 77 not root.
#
# host-script.ts puts the awk programs of host-script/ where @include stands, and drops comments: a command and its
# document together may have 64 KB.
set -u
PATH=${FLEET2BAN_PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}
LC_ALL=C
export PATH LC_ALL
umask 077
version=1.0.0
state=${FLEET2BAN_STATE:-/var/lib/fleet2ban}
work='' owned=''

fail() { # exit status, code, message
  status=$1 code=$2
  shift 2
  message=$(printf '%s' "$*" | tr -c 'A-Za-z0-9 .:/,_()=-' '?' | cut -c1-300)
  printf 'fleet2ban: %s\n' "$message" >&2
  printf '{"fleet2ban":1,"outcome":"failed","script":"%s","code":"%s","message":"%s"}\n' "$version" "$code" "$message"
  exit "$status"
}
refused() { fail 70 kernel-refused "$backend: $(tr '\n' ' ' <err)"; }
cleanup() {
  [ -z "$work" ] || rm -rf "$work"
  [ -z "$owned" ] || rm -f "$owned"
}
trap cleanup EXIT
trap 'exit 75' HUP INT TERM

in_time() {
  now=$(date +%s)
  case ${SSM_Deadline-} in
    '') ;;
    *[!0-9]* | ????????????*) fail 64 bad-call "SSM_Deadline is no time in seconds" ;;
    *) [ "$now" -le "$SSM_Deadline" ] || fail 75 late "the deadline $SSM_Deadline has passed, nothing was done" ;;
  esac
}

has_ipset() { ipset list -n && iptables -w -S INPUT && command -v iptables-restore; } >/dev/null 2>&1
has_ip6tables() { [ -e /proc/net/if_inet6 ] && ip6tables -w -S INPUT && command -v ip6tables-restore; } >/dev/null 2>&1
has_nft() { nft list tables; } >/dev/null 2>&1
choose_backend() {
  backend=none
  case ${FLEET2BAN_BACKEND:-auto} in
    auto) if has_ipset; then backend=ipset; elif has_nft; then backend=nft; fi ;;
    ipset) ! has_ipset || backend=ipset ;;
    nft) ! has_nft || backend=nft ;;
    *) fail 64 bad-call "FLEET2BAN_BACKEND is auto, ipset or nft" ;;
  esac
  [ "$backend" != none ] || fail 69 no-firewall "neither ipset with iptables nor nft works here: install nftables, or ipset and iptables"
}
look_at_ipv6() {
  six=1
  if [ "$backend" = ipset ] && ! has_ip6tables; then six=0; fi
}

# flock ends with its process. Where it is missing, a link names the owner, and a dead owner's link is taken away under
# a second lock, so that two waiters never take away each other's.
take_lock() {
  limit=$((now + 60))
  if command -v flock >/dev/null; then
    exec 9>"$state/lock"
    until flock -w 30 9 2>/dev/null || flock -n 9; do wait_for_lock; done
    return
  fi
  until ln -s $$ "$state/owner" 2>/dev/null; do
    if mkdir "$state/breaking" 2>/dev/null; then
      if owner=$(readlink "$state/owner") && ! kill -0 "$owner" 2>/dev/null; then rm -f "$state/owner"; fi
      rmdir "$state/breaking"
    else
      find "$state/breaking" -prune -mmin +2 -exec rmdir {} \; 2>/dev/null
    fi
    wait_for_lock
  done
  owned=$state/owner
}
wait_for_lock() {
  [ "$(date +%s)" -lt $limit ] || fail 75 locked "another run holds the lock of $state"
  sleep 1
}

# shellcheck disable=SC2016
plan_awk='
@include two.awk
@include address.awk
@include plan.awk
' ipset_read_awk='
@include ipset-read.awk
' iptables_read_awk='
@include iptables-read.awk
' iptables_write_awk='
@include iptables-write.awk
' nft_read_awk='
@include nft-read.awk
' nft_write_awk='
@include two.awk
@include nft-write.awk
'

read_ipset() {
  ipset list -n 2>err | grep '^f2b-' | sed 's/^/save /' >names
  ipset restore <names >saved 2>err || refused
  iptables -w -S >rules.4 2>err || refused
  : >rules.6
  if [ $six = 1 ]; then ip6tables -w -S >rules.6 2>err || refused; fi
  awk "$ipset_read_awk" saved >kernel
  awk "$iptables_read_awk" bans rules.4 rules.6 >>kernel
}
compare_ipset() {
  awk -v family=4 "$iptables_write_awk" want rules.4 >fix.4
  if [ $six = 1 ]; then awk -v family=6 "$iptables_write_awk" want rules.6 >fix.6; fi
  awk '
    { name = $2 ($3 == 6 ? "/6" : "") }
    $1 == "set" { print "create", name, "hash:net family", ($3 == 6 ? "inet6" : "inet"), "maxelem 1048576 timeout 0" }
    $1 == "del" { print "del", name, $4 }
    $1 == "add" { print "add", name, $4, "timeout", $5 }
    $1 == "unset" { print name > "gone" }' ops >fix.sets
}
write_ipset() {
  ipset -exist restore <fix.sets 2>err || refused
  if [ -s fix.4 ]; then iptables-restore -w --noflush <fix.4 2>err || refused; fi
  if [ -s fix.6 ]; then ip6tables-restore -w --noflush <fix.6 2>err || refused; fi
  # The kernel lets go of a set a moment after the last rule that names it.
  while read -r name; do
    for pause in 0 1 1; do
      sleep $pause
      if ipset destroy "$name" 2>err; then continue 2; fi
    done
    echo "the set $name is still in use and was left" >>notes
  done <gone
}

read_nft() {
  : >table
  if nft list tables 2>err | grep -qx 'table inet fleet2ban'; then nft -n list table inet fleet2ban >table 2>err || refused; fi
  awk "$nft_read_awk" table >kernel
}
compare_nft() {
  awk "$nft_write_awk" want jumps ops >fix.nft
  if [ "$task" = clear ]; then printf 'add table inet fleet2ban\ndelete table inet fleet2ban\n' >fix.nft; fi
}
write_nft() {
  [ -s table ] || grep -q '^chain' want || return 0
  if nft -f fix.nft 2>err; then return 0; fi
  # Somebody gave our base chains another shape, which nft cannot change: build the table anew.
  nft delete table inet fleet2ban 2>/dev/null
  look
  nft -f fix.nft 2>err || refused
}

# One look at the kernel: everything that is to be done, in files.
look() {
  look_at_ipv6
  for file in err refusals notes faults counts standing want ops live bans.new jumps gone fix.4 fix.6; do : >"$file"; done
  read_"$backend"
  awk -v asked="$task" -v mode="$task" -v now="$now" -v backend="$backend" -v ipv6=$six -v input=$wired "$plan_awk" \
    src=state bans src=kernel kernel src=wire "$wire" 2>err
  case $? in
    0) ;;
    3) fail 65 bad-input "the input is torn or of another edition: nothing was done" ;;
    *) fail 71 host-broken "awk: $(tr '\n' ' ' <err)" ;;
  esac
  compare_"$backend"
}
number_of() { awk 'END { print NR }' "$1"; }

mode=${SSM_Mode-}
case $mode in
  apply | reconcile | status | clear) ;;
  *) fail 64 bad-call "SSM_Mode is none of apply, reconcile, status, clear (SSM agents before 3.3.2746.0 cannot pass it)" ;;
esac
in_time
[ "$(id -u)" = 0 ] || fail 77 not-root "this takes root"
choose_backend
mkdir -p "$state" && [ -w "$state" ] || fail 73 no-state "no directory $state"
sent=''
case $mode in apply | reconcile) sent=${SSM_Changes-$(tr '\000' '?')} ;; esac
take_lock
in_time
work=$state/work
rm -rf "$work"
mkdir "$work" && cd "$work" || fail 73 no-state "cannot write in $state"
if [ -e "$state/bans" ]; then cp "$state/bans" bans; else : >bans; fi
task=$mode wire=/dev/null wired=0
case $mode in apply | reconcile)
  wire=wire wired=1
  printf '%s\n' "$sent" >wire
  ;;
esac

# A host that has changed its tools: take away what the other backend holds; the state builds it up again here.
read -r _ _ before _ <bans
case ${before:-none} in
  "$backend") ;;
  ipset | nft) (
    backend=$before task=clear wire=/dev/null wired=0
    if has_"$backend"; then look && write_"$backend"; fi
  ) >/dev/null ;;
esac

look
cp counts counts.first
cat refusals >refusals.first
cat notes >notes.first
cat faults >faults.first
found=$(number_of faults)
if [ "$mode" != status ]; then
  if [ "$mode" = clear ]; then : >bans.new; fi
  [ "$mode" = clear ] || [ "$(tail -n 1 bans.new)" = e ] || fail 73 no-state "no room in $state: nothing was done"
  mv bans.new "$state/bans" && cp "$state/bans" bans || fail 73 no-state "cannot write in $state"
  # Written down first: a run that dies here is finished by the next one.
  if [ "$backend" = nft ] || [ -s ops ] || [ -s fix.4 ] || [ -s fix.6 ]; then
    write_"$backend"
    cat notes >notes.first
    task=status wire=/dev/null wired=0
    look
  fi
  if [ "$mode" = clear ]; then rm -f "$state/bans"; fi
fi

strings() { awk 'NR <= 20 { gsub(/[^A-Za-z0-9 .:\/,_()?=-]/, "?"); printf "%s\"%s\"", comma, $0; comma = "," }' "$1"; }
left=$(number_of faults)
if [ "$mode" = status ]; then found=$left; fi
digest=''
if command -v cksum >/dev/null; then digest=$(sort live | cksum | tr ' ' -); fi
boot=''
if [ -r /proc/sys/kernel/random/boot_id ]; then read -r boot </proc/sys/kernel/random/boot_id; fi
read -r bans skipped missing foreign <standing
if [ $six = 1 ]; then ipv6=true; else ipv6=false; fi
printf '{"fleet2ban":1,"outcome":"done","script":"%s","mode":"%s","backend":"%s","ipv6":%s,"bootId":"%s","at":%s,' \
  "$version" "$mode" "$backend" "$ipv6" "$boot" "$now"
printf '%s,"bans":%s,"skipped":%s,"missing":%s,"foreign":%s,"repaired":%s,"broken":%s,"digest":"%s",' \
  "$(cat counts.first)" "$bans" "$skipped" "$missing" "$foreign" $((found - left)) "$left" "$digest"
printf '"faults":[%s],"refusals":[%s],"notes":[%s]}\n' \
  "$(strings faults.first)" "$(strings refusals.first)" "$(strings notes.first)"
[ "$mode" = status ] || [ "$missing$left" = 00 ] || exit 1
