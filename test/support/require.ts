/** What a test needs from the machine: present, or named in one line; on CI a missing part is a failure, never a skip. */
import { execFileSync } from "node:child_process";

const APT_PACKAGE: Record<string, string> = {
  "fail2ban-client": "fail2ban",
  "fail2ban-regex": "fail2ban",
  haproxy: "haproxy",
  rsyslogd: "rsyslog",
  iptables: "iptables",
  ip6tables: "iptables",
  ipset: "ipset",
  nft: "nftables",
  ip: "iproute2",
  conntrack: "conntrack",
  python3: "python3",
  "aarch64-linux-gnu-g++": "g++-aarch64-linux-gnu",
  "/lib/systemd/systemd-journald": "systemd",
  journalctl: "systemd",
  "systemd-cat": "systemd",
  unshare: "util-linux",
};
/** Of Debian's own Python, by the package that has each. */
const PYTHON_MODULES = { "systemd.journal": "python3-systemd" } as const;

interface Beside {
  readonly root?: boolean;
  readonly module?: keyof typeof PYTHON_MODULES;
}

/** True where every command exists (and we are root, and Python has the module, where asked); otherwise says what is missing and returns false, or throws on CI. */
export function available(commands: readonly string[], { root = false, module }: Beside = {}): boolean {
  const missing = commands.filter((command) => !exists(command));
  const lacks = missing.map((command) => `${command} (apt-get install ${APT_PACKAGE[command] ?? command})`);
  if (module !== undefined && !hasModule(module)) lacks.push(`${module} (apt-get install ${PYTHON_MODULES[module]})`);
  if (root && process.getuid?.() !== 0) lacks.push("root");
  if (lacks.length === 0) return true;
  const message = `needs ${lacks.join(", ")}`;
  if (process.env.CI === "true") throw new Error(message);
  console.warn(`skipped: ${message}`);
  return false;
}

function exists(command: string): boolean {
  try {
    execFileSync("sh", ["-c", `command -v "$1"`, "sh", command], { stdio: "ignore" });
    return true;
  } catch {
    // Not found: the caller reports it.
    return false;
  }
}

function hasModule(name: string): boolean {
  try {
    execFileSync("/usr/bin/python3", ["-c", `import ${name}`], { stdio: "ignore" });
    return true;
  } catch {
    // No such module, or no Python: the caller reports it.
    return false;
  }
}
