/** Values of a jail's options and ways to write a file, as odd as people come up with. */

/** Values between bars. */
const of = (...rows: readonly string[]) => rows.flatMap((row) => row.split(" | "));

/** What each option may be set to; what Fail2Ban refuses is among it. */
export const VALUES: Readonly<Record<string, readonly string[]>> = {
  enabled: of("true | 1 | on | YES | True | tRuE | y | t | 2 | true ; yes | false |  | true # no"),
  maxretry: of("5 |  7  | +3 | 1_0 | 007 | 0 | -1 | 5.0 | 5m |  | x | 5 # five | 5 ; five | ٣"),
  maxmatches: of("0 | 3 | -2 |  | x | %(maxretry)s"),
  findtime: of(
    "600 | 10m | 1d12h | 1 week | 1w | 2h30m | 1d 12h 30 | 1M | 1mo | 1.5h | 60*5 | -1 | 0 |  | 10 minutes",
    "1 hour 30 min | 1,5h | 10m # c | 10m ; c | 1h + 1 | 1e3 | 2**10 | 10 m | 5 Minutes | 1year | 1y6mo | m",
    "10mm | 1 h 1 s | 00010",
  ),
  bantime: of(
    "600 | -1 | 1d12h | 1 week | -1d | 0 | 1h-1 |  | 1y | 2w-1d | 1e2 | forever | 1h30 | -1 ; for ever",
    "10m # c | 1/0 | 60 60 | 1.5 | 0.5",
  ),
  "bantime.increment": of("true | true | true | 1 | false | maybe | "),
  "bantime.factor": of("1 | 2 | 1.5 | 0 | -1 | 2*3 |  | x | 1/3 | 0x10 | 1_000"),
  "bantime.formula": of(
    "ban.Time * (1<<(ban.Count if ban.Count<20 else 20)) * banFactor",
    "ban.Time * math.exp(float(ban.Count+1)*banFactor)/math.exp(1*banFactor) | ban.Time * 2 | ban.Time | 0 | ",
    "ban.Count ** 2 | max(ban.Time, 3600) + ban.Count | ban.Time if ban.Count else 0 | ban.Time * | nosuch",
    "banFactor and ban.Time | min(ban.Time * 2 ** ban.Count, 86400) | int(ban.Time / 7)",
    "round(ban.Time * 1.37) | ban.Time // 7 * ban.Count % 1000",
  ),
  "bantime.multipliers": of(
    "1 2 4 8 | 1 5 30 60 300 720 1440 2880 | 1 |  | 1  2 | 1,2 | 0 1 | -1 2 | 1 x | 1.5 2 | +1 2",
  ),
  "bantime.maxtime": of("1w | 1h | 10 |  | -1 | x | 0 | 1d12h"),
  "bantime.overalljails": of("true | false | x"),
  ignoreip: of(
    "127.0.0.1 | 127.0.0.1/8 ::1 | 10.0.0.0/8,192.0.2.0/24 | 10.0.0.0/255.0.0.0 | 10.0.0.1/16",
    "192.0.2.1/32, 2001:db8::/32 | 2001:db8::1/128 | ::ffff:10.0.0.1 | ::ffff:10.0.0.0/104 | 0.0.0.0/0 | ::/0",
    "10.0.0.0/33 | 999.1.1.1 | 10.0.0 | 10 | 10.0.0.1-10.0.0.9 | [2001:db8::1] | fe80::1%eth0 | fe80::/10",
    "127.0.0.1 # mine | 127.0.0.1 ; mine |  |  ,  | 10.0.0.1\n  192.0.2.0/24\n  # note\n  ::1 | 10.0.0.01",
    "010.0.0.1 | 192.0.2.0/24, | 10.0.0.0/8/8 | 10.0.0.0/0 | 2001:db8::/ffff:ffff:: | localhost.invalid",
    "192.0.2.0 /24",
  ),
  ignoreself: of("true | false | no | x | "),
  ignorecommand: of("/bin/true <ip> |  | x ; y"),
  usedns: of("yes | no | warn | raw | Warn | NO | x |  | true"),
  logencoding: of(
    "auto | utf-8 | UTF8 | latin-1 | ascii | iso-8859-15 | klingon |  | cp1252 | utf-16 | AUTO | us-ascii",
    "utf_8 | koi8-r",
  ),
  logtimezone: of("UTC | UTC+0100 | UTC+01:00 | GMT-5 | CET | EST | Europe/Berlin |  | UTC+1 | Z | +0100 | x"),
  logpath: of(
    "a.log | *.log | a.log tail | a.log head | a.log TAIL | a.log\n  b.log | nosuch.log | [ab].log | ?.log",
    "sub/*.log | */a.log | with space.log | a.log  tail | a.log b.log |  | a.log\n\n  b.log tail\n",
    "{a,b}.log | **/a.log | a.log ; c | a.log # c | [!a].log",
  ),
  backend: of("polling | auto | pyinotify | POLLING | Auto | bogus | gamin |  | polling[x=1]"),
  maxlines: of("1 | 5 | 0 | -1 | x |  | 1_0 | 1.0 |  3 "),
  datepattern: of(
    "%%Y-%%m-%%d %%H:%%M:%%S | {NONE} | {DEFAULT} | {^LN-BEG} | ^%%b %%d %%H:%%M:%%S",
    "%%Y-%%m-%%d\n  {^LN-BEG} | EPOCH | {DATE} | ^[^ ]+ {DATE} |  | %%Q | %% | ( | {UNB}%%H:%%M:%%S | TAI64N",
    "LEPOCH | %%ExY%%Exm%%Exd | {^LN-BEG}%%Y | [\\d | nothing | **%%Y | %%Y(? | {NOSUCH}%%Y",
    "%%d/%%b/%%Y:%%H:%%M:%%S %%z | ^EPOCH | \\[EPOCH\\] | {EPOCH}x | %%Y %%Y",
  ),
  failregex: of(
    "^a <HOST> | ^a <HOST>\n  ^b <ADDR>$\n\n  ^c <F-ID>x</F-ID> |  | ^a | ( | ^<SUBNET>",
    "<F-ID/> <F-USER>.*</F-USER> | <HOST><HOST> | (?P<host>x) | ^<IP4>|<IP6> | ^<CIDR> | <F-MLFID>x</F-MLFID>",
    "^a <HOST> ; c | ^a <HOST> # c | ^a <F-IP4/> | ^a <DNS> | a{2,1} <HOST> | [a-z <HOST> | (?i)a <HOST>",
    "a (?i)b <HOST> | (?<x) <HOST> | \\y <HOST> | %%(x)s <HOST> | <F-ALT_IP4>1</F-ALT_IP4>",
    "^<F-HOST>x</F-HOST>",
  ),
  ignoreregex: of(" | x | ^a\n  b | ( | <HOST> | <F-X>y</F-X>"),
  prefregex: of("^x <F-CONTENT>.+</F-CONTENT>$ |  | ( | ^<F-MLFID>\\w+</F-MLFID> <F-CONTENT>.*</F-CONTENT> | x\n  y"),
  action: of(
    "iptables |  | iptables[name=x] | iptables iptables[name=y] | iptables iptables | nosuch",
    "iptables[port=1,2] | iptables[port='1,2', name=\"a b\"] | iptables[a=[1]] | iptables[x='[y]']",
    "iptables[name=x][port=5] | iptables[actname=z] | iptables\n  iptables[actname=q] | iptables,",
    "iptables [] | iptables[]",
  ),
  filter: of(
    "f | f[] | f[x=1] | f[mode=aggressive, logtype=journal] | f[x='a,b'] | f[x | nosuch |  | f[x=a=b]",
    "f[x=\"a]b\"] | %(__name__)s | F | f[x=1,] | f[x=1 y=2] |  f  | f [x=1] | f[failregex='^z <HOST>']",
    "f[maxlines=4] | f[usedns=no]",
  ),
};

/** A jail.local that nobody could mistake. */
export const PLAIN = `# jails
[DEFAULT]
maxretry = 4
[j]
enabled = true
filter  = f
backend = polling
logpath = a.log
          b.log
action  = iptables[port=ssh]
findtime = 1h
`;
const bytes = (text: string, encoding: BufferEncoding) => Buffer.from(text, encoding);
/** Does something to the text of a file that may change its meaning. */
export const WRITINGS: readonly ((text: string) => string | Uint8Array)[] = [
  (text) => text,
  (text) => text.trimEnd(),
  (text) => text.replaceAll("\n", "\r\n"),
  (text) => text.replaceAll("\n", "\r"),
  (text) => text.replaceAll("\n", "\n\r"),
  (text) => text.replaceAll("\n", " \t \n"),
  (text) => text.replaceAll("\n", "\n\n"),
  (text) => text.replaceAll("\n", "\n# comment\n"),
  (text) => text.replaceAll("\n", "\n  ; comment\n"),
  (text) => text.replaceAll("\n", " ; comment\n"),
  (text) => text.replaceAll("\n", " # comment\n"),
  (text) => text.replaceAll("\n", "\n\t"),
  (text) => text.replaceAll("\n", "\n "),
  (text) => text.replaceAll("\n", "\f\n"),
  (text) => text.replaceAll("\n", "\n\v"),
  (text) => text.replaceAll("\n", "\u2028"),
  (text) => text.replaceAll("\n", "\x85\n"),
  (text) => text.replaceAll("\n", "\n\n[x]\n"),
  (text) => text.replaceAll(" =", ":"),
  (text) => text.replaceAll(" = ", "="),
  (text) => text.replaceAll(" = ", " := "),
  (text) => text.replaceAll(" = ", " == "),
  (text) => text.replaceAll(" = ", "\u00a0=\u00a0"),
  (text) => text.replaceAll("  ", "\t"),
  (text) => text.replaceAll("=", ""),
  (text) => text.replace(/^([a-z]+)/gm, (name) => name.toUpperCase()),
  (text) => text.replaceAll("[j]", "[j] ; the jail"),
  (text) => text.replaceAll("[j]", "[j] trailing"),
  // Only [Definition ] is no section of a filter's: a jail's name may hold no space here.
  (text) => text.replaceAll("[Definition]", "[ Definition ]"),
  (text) => text.replaceAll("[j]", "[j"),
  (text) => text.replaceAll("[j]", "[J]"),
  (text) => text.replaceAll("[DEFAULT]", "[default]"),
  (text) => text + text,
  (text) => `${text}enabled = false\n`,
  (text) => `${text}\n[j]\nmaxretry = 9\n`,
  (text) => `${text}\n[DEFAULT]\nmaxretry = 9\n`,
  (text) => `${text}maxretry\n`,
  (text) => `${text}maxretry =\n`,
  (text) => `${text}maxretry = \n  7\n`,
  (text) => `${text}=x\n`,
  (text) => `${text}x = %\n`,
  (text) => `${text}maxretry = 5%\n`,
  (text) => `${text}maxretry = %(missing)s\n`,
  (text) => `[INCLUDES]\nbefore = nosuch.conf\n${text}`,
  (text) => `[INCLUDES]\nafter = jail.local\n${text}`,
  (text) => `key = value\n${text}`,
  (text) => `\ufeff${text}`,
  (text) => `${text}# caf\u00e9\n`,
  (text) => bytes(`${text}# caf\u00e9\n`, "latin1"),
  (text) => bytes(`${text}x = caf\u00e9\n`, "latin1"),
  (text) => bytes(text, "utf16le"),
  (text) => `${text}\0\n`,
  (text) => `${text}x = \0\n`,
  () => "",
  () => "# nothing\n",
  () => "[j]",
];
