/** The ten jails of the bench: our default HAProxy jails, all enabled. */
import { join } from "node:path";
import { readConfigFiles } from "../shared/adapters/local/config-files.ts";
import { compileConfiguration } from "../shared/core/config/compile-configuration.ts";
import type { JailConfig } from "../shared/core/config/model.ts";

export const CONFIG = join(import.meta.dirname, "../config");

const TEN = [
  "haproxy-noserver",
  "haproxy-badrequest",
  "haproxy-auth",
  "haproxy-denied",
  "haproxy-notfound",
  "haproxy-paths",
  "haproxy-ratelimited",
  "haproxy-slow",
  "haproxy-tls",
  "haproxy-connections",
];

export function benchJails(config = CONFIG): readonly JailConfig[] {
  const { jails } = compileConfiguration(readConfigFiles(config));
  return TEN.map((name) => {
    const jail = jails.find((candidate) => candidate.name === name);
    if (jail === undefined) throw new Error(`the bench needs jail ${name} of ${config}`);
    return jail;
  });
}
