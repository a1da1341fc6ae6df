/** `ignorecommand`, run on this machine: a shell command of the configuration, whose tags are filled with parsed addresses only. */
import { spawn } from "node:child_process";
import { familyOf } from "../../shared/core/address.ts";
import type { IgnoreCommand } from "../../shared/ports/ignore-command.ts";

const PATIENCE = 60_000;

export const shellIgnoreCommand: IgnoreCommand = {
  ignores(jail, id) {
    // A Target has no character that means something to a shell.
    const tags: Record<string, string> = { ip: id, fid: id, family: familyOf(id) };
    const command = (jail.ignorecommand ?? "").replace(/<([\w.-]+)>/g, (tag, name: string) => tags[name] ?? tag);
    return new Promise((resolve, reject) => {
      const child = spawn("/bin/sh", ["-c", command], { stdio: "ignore", timeout: PATIENCE });
      child.on("error", reject);
      child.on("close", (code, signal) => {
        if (signal !== null) reject(new Error(`ignorecommand of ${jail.name} did not end within ${PATIENCE / 1000} s`));
        else resolve(code === 0);
      });
    });
  },
};
