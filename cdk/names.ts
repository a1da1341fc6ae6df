/** Ids for what a configuration names: the same at every synthesis, whatever else is added or taken away. */
import { createHash } from "node:crypto";

/** "LogGroup" and "/var/log/haproxy" give "LogGroupvarloghaproxy1a2b3c4d": readable, and distinct by its hash. */
export function stableId(kind: string, name: string): string {
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 8);
  return `${kind}${name.replace(/[^A-Za-z0-9]/g, "").slice(0, 40)}${hash}`;
}
