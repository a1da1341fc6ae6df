# Addresses, parsed: only what target_of() returns ever reaches the kernel. Written for mawk, gawk and busybox awk:
# no intervals in regular expressions, no "^", no 32-bit arithmetic on times, sets compared by their canonical text.

function number(s) { return s ~ /^(0|[1-9][0-9]*)$/ && length(s) <= 15 }

# The canonical form of an address or network, or "" with the reason in `why`; core/firewall/enforceable.ts says the same.
function target_of(s,  slash, len) {
  why = "not an address"
  len = -1
  if (length(s) > 43) return ""
  slash = index(s, "/")
  if (slash) {
    len = substr(s, slash + 1)
    if (!number(len)) return ""
    len += 0
    s = substr(s, 1, slash - 1)
  }
  if (s ~ /^[0-9.]+$/) return v4(s, len)
  if (s ~ /^[0-9a-f:]+$/) return v6(s, len)
  return ""
}

# Refused although valid: 0/8, 127/8, 169.254/16 (the host's credentials come from there), multicast and above.
function v4(s, len,  o, i, value, near) {
  if (split(s, o, ".") != 4) return ""
  for (i = 1; i <= 4; i++) {
    if (o[i] !~ /^(0|[1-9][0-9]?[0-9]?)$/ || o[i] + 0 > 255) return ""
    value = value * 256 + o[i]
  }
  if (len == 32) len = -1
  if (len > 32 || (len >= 0 && value % two(32 - len))) return ""
  if (len >= 0 && len < 8) { why = "too wide a network"; return "" }
  near = two(len >= 0 && len < 16 ? 32 - len : 16)
  if (o[1] == 0 || o[1] == 127 || o[1] >= 224 || int(value / near) == int(2851995648 / near)) {
    why = "never a client"
    return ""
  }
  return len < 0 ? s : s "/" len
}

function hex(s,  i, value) {
  for (i = 1; i <= length(s); i++) value = value * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1
  return value
}

# Refused although valid: 0000::/16 (unspecified, loopback, IPv4 in disguise), fe80::/10, multicast.
function v6(s, len,  gap, h, t, nh, nt, g, i, used) {
  gap = index(s, "::")
  nh = split(gap ? substr(s, 1, gap - 1) : s, h, ":")
  nt = split(gap ? substr(s, gap + 2) : "", t, ":")
  if (gap ? nh + nt > 7 : nh != 8) return ""
  for (i = 1; i <= nt; i++) h[8 - nt + i] = t[i]
  for (i = 1; i <= 8; i++) {
    if (i > nh && i <= 8 - nt) g[i] = 0
    else if (h[i] ~ /^[0-9a-f][0-9a-f]?[0-9a-f]?[0-9a-f]?$/) g[i] = hex(h[i])
    else return ""
    used = len < 0 || len >= 16 * i ? 16 : len <= 16 * (i - 1) ? 0 : len - 16 * (i - 1)
    if (g[i] % two(16 - used)) return ""
  }
  if (len == 128) len = -1
  if (len > 128) return ""
  if (len >= 0 && len < 16) { why = "too wide a network"; return "" }
  if (g[1] == 0 || (g[1] >= 65152 && g[1] < 65216) || g[1] >= 65280) { why = "never a client"; return "" }
  return shortest(g) (len < 0 ? "" : "/" len)
}

# RFC 5952: the first longest run of two or more zero groups becomes "::".
function shortest(g,  i, run, start, best, at, out) {
  for (i = 1; i <= 9; i++) {
    if (i < 9 && g[i] == 0) { if (!run++) start = i }
    else { if (run > best) { best = run; at = start } run = 0 }
  }
  if (best < 2) at = 0
  for (i = 1; i <= 8; i++) {
    if (!at || i < at || i >= at + best) out = out (out == "" || out ~ /:$/ ? "" : ":") sprintf("%x", g[i])
    else if (i == at) out = out "::"
  }
  return out
}
