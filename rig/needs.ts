/** What the rig needs from the machine: root and a few Debian packages, named where they are missing, or installed. */
import { execFileSync, spawnSync } from "node:child_process";

/** Package by the command that shows that it is there. */
const PACKAGES: Readonly<Record<string, string>> = {
  haproxy: "haproxy",
  rsyslogd: "rsyslog",
  "fail2ban-server": "fail2ban",
  ip: "iproute2",
  iptables: "iptables",
  ip6tables: "iptables",
  ipset: "ipset",
  nft: "nftables",
  conntrack: "conntrack",
  flock: "util-linux",
  sysctl: "procps",
  openssl: "openssl",
  python3: "python3",
  make: "make",
  "g++": "g++",
};

export type Needs =
  | { readonly kind: "met" }
  /** In words for who called. */
  | { readonly kind: "lacking"; readonly reason: string };

/** Looks whether everything is there; `install` has apt-get fetch the packages that are not. */
export function checkNeeds(install: boolean): Needs {
  if (process.platform !== "linux")
    return { kind: "lacking", reason: `it needs Linux, and this is ${process.platform}` };
  if (process.getuid?.() !== 0)
    return { kind: "lacking", reason: "it needs root, for network namespaces: sudo npm run rig" };
  if (install && missing().length > 0) {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    // What apt-get says goes to standard error: standard output may be JSON.
    const stdio = ["ignore", process.stderr, process.stderr] as const;
    execFileSync("apt-get", ["update", "-qq"], { env, stdio: [...stdio] });
    const options = ["install", "-y", "-qq", "--no-install-recommends"];
    execFileSync("apt-get", [...options, ...missing()], { env, stdio: [...stdio] });
  }
  const packages = missing();
  if (packages.length === 0) return { kind: "met" };
  const command = `apt-get install --no-install-recommends ${packages.join(" ")}`;
  return { kind: "lacking", reason: `it needs ${packages.join(", ")}: ${command}, or npm run rig -- --install` };
}

function missing(): readonly string[] {
  const lacking = Object.entries(PACKAGES).filter(([command]) => !exists(command));
  return [...new Set(lacking.map(([, name]) => name))];
}

function exists(command: string): boolean {
  return spawnSync("sh", ["-c", 'command -v "$1"', "sh", command], { stdio: "ignore" }).status === 0;
}
