/** Jails in a few words, for whatever answers the command line: an engine on this machine, or a stack. */

/** Two jails on one log: web bans after 3 failures for an hour, deep after 2 for ever. */
export function webAndDeep(logpath: string): string {
  return `
[DEFAULT]
enabled = true
usedns = no
failregex = bad from <ADDR>$
findtime = 10m
logpath = ${logpath}
ignoreip = 10.0.0.0/8
action = iptables-allports
filter =
[web]
maxretry = 3
bantime = 1h
[deep]
failregex = worse from <ADDR>$
maxretry = 2
bantime = -1
`;
}
