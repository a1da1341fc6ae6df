/** Where things lie: the configuration, the state and the socket; root's in the system's places, anyone else's in their own. */
import { existsSync } from "node:fs";
import { homedir, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The configuration that comes with fleet2ban and lies beneath the user's own. */
export const BUNDLED_CONFIG = fileURLToPath(new URL("../config", import.meta.url));
export const EXAMPLES = fileURLToPath(new URL("../examples", import.meta.url));
export const PACKAGE_JSON = fileURLToPath(new URL("../package.json", import.meta.url));

const SYSTEM_CONFIG = "/etc/fleet2ban";

/** The user's configuration directory: /etc/fleet2ban where it exists, else none. */
export function defaultConfig(): string | undefined {
  return existsSync(SYSTEM_CONFIG) ? SYSTEM_CONFIG : undefined;
}

/** Where windows, bans and log positions are kept. */
export function defaultState(env: NodeJS.ProcessEnv): string {
  if (isRoot()) return "/var/lib/fleet2ban";
  return join(env.XDG_STATE_HOME || join(homedir(), ".local", "state"), "fleet2ban");
}

/** The control socket: $FLEET2BAN_SOCKET, else the system's or the user's own run-time folder. */
export function defaultSocket(env: NodeJS.ProcessEnv): string {
  if (env.FLEET2BAN_SOCKET) return env.FLEET2BAN_SOCKET;
  if (isRoot()) return "/run/fleet2ban/fleet2ban.sock";
  const folder = env.XDG_RUNTIME_DIR || join(tmpdir(), `fleet2ban-${userInfo().uid}`);
  return join(folder, "fleet2ban.sock");
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}
