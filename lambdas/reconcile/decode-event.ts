/** What woke the function: the schedule, an instance that starts, a command that failed at a host, or a person. */
import * as z from "zod/mini";

export type Wake =
  | { readonly kind: "schedule" }
  | { readonly kind: "instance-started"; readonly host: string }
  | {
      readonly kind: "command-failed";
      readonly command: string;
      readonly host: string | undefined;
      readonly status: string;
    }
  /** Of another document than ours, or of a status that means no failure. */
  | { readonly kind: "irrelevant"; readonly reason: string };

const envelope = z.looseObject({ source: z.string(), detail: z.unknown() });
const started = z.looseObject({ "instance-id": z.string(), state: z.string() });
const failed = z.looseObject({
  "command-id": z.string(),
  "document-name": z.string(),
  "instance-id": z.optional(z.string()),
  status: z.string(),
});

/** Statuses that leave a host without what it was sent. */
const FAILURES: ReadonlySet<string> = new Set(["Failed", "TimedOut", "Undeliverable", "Cancelled", "Terminated"]);

/** Reads an event of EventBridge; anything else is somebody who invoked the function by hand to have the fleet checked. */
export function decodeEvent(event: unknown, document: string): Wake {
  const outer = z.safeParse(envelope, event);
  if (!outer.success) return { kind: "schedule" };
  const { source, detail } = outer.data;
  if (source === "aws.ec2") {
    const instance = z.safeParse(started, detail);
    if (!instance.success) return { kind: "irrelevant", reason: "an event of EC2 without instance or state" };
    if (instance.data.state !== "running")
      return { kind: "irrelevant", reason: `an instance is ${instance.data.state}` };
    return { kind: "instance-started", host: instance.data["instance-id"] };
  }
  if (source === "aws.ssm") {
    const command = z.safeParse(failed, detail);
    if (!command.success) return { kind: "irrelevant", reason: "an event of SSM that tells of no command" };
    const { status, "command-id": id, "document-name": name, "instance-id": host } = command.data;
    if (name !== document) return { kind: "irrelevant", reason: `a command of document ${name}` };
    if (!FAILURES.has(status)) return { kind: "irrelevant", reason: `a command is ${status}` };
    return { kind: "command-failed", command: id, host, status };
  }
  return { kind: "schedule" };
}
