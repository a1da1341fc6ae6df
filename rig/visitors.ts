/** Who visits the hosts: processes in namespaces that open connections from any address of theirs and say what came of it. */
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Namespace } from "../test/support/netns.ts";

export interface Visit {
  readonly ok: boolean;
  /** Of the answer. */
  readonly status?: number;
  /** "timeout" where no packet came back. */
  readonly error?: string;
  readonly held?: number;
}

export interface Visitor {
  /** Does a connection open? `from` is an address of the visitor's namespace. */
  knock(to: string, from: string): Promise<Visit>;
  /** Sends bytes and waits for the head of an answer. */
  ask(to: string, from: string, bytes: string, port?: number): Promise<Visit>;
  /** The same, and keeps the connection open for `again`. */
  hold(to: string, from: string, bytes: string): Promise<Visit>;
  again(visit: Visit, bytes: string): Promise<Visit>;
}

/** How long a connection may take that should not open, ms; a namespace answers within one. */
const BRIEFLY = 1_000;
/** How long an answer may take on a busy machine, ms. */
const PATIENCE = 15_000;
const PROGRAM = fileURLToPath(new URL("visitor.mjs", import.meta.url));

export function startVisitor(namespace: Namespace): Visitor {
  const { stdin, stdout } = namespace.start([process.execPath, PROGRAM]);
  const waiting = new Map<number, (visit: Visit) => void>();
  // The run is over, and the visitor with it.
  stdin!.on("error", () => undefined);
  createInterface({ input: stdout! }).on("line", (line) => {
    const { id, ...visit } = JSON.parse(line) as Visit & { readonly id: number };
    waiting.get(id)?.(visit);
    waiting.delete(id);
  });
  let asked = 0;
  const tell = (op: string, request: object) =>
    new Promise<Visit>((resolve) => {
      asked += 1;
      waiting.set(asked, resolve);
      stdin!.write(`${JSON.stringify({ id: asked, op, port: 80, patience: PATIENCE, ...request })}\n`);
    });
  return {
    knock: (to, from) => tell("knock", { to, from, patience: BRIEFLY }),
    ask: (to, from, bytes, port = 80) => tell("ask", { to, from, bytes, port }),
    hold: (to, from, bytes) => tell("hold", { to, from, bytes }),
    again: ({ held }, bytes) => tell("again", { held, bytes, patience: 2 * BRIEFLY }),
  };
}
