/**
 * The hosts behind SSM Run Command: changes become few commands, each for the whole fleet or for named hosts.
 *
 * Sending is all that happens here: hosts answer later (receipts.ts). Every command dies young, on its way and on the
 * host, and goes to all hosts at once, whatever becomes of one of them; the service's own defaults are 50 hosts at a
 * time, and none after the first failure.
 */
import { SendCommandCommand, type SendCommandCommandInput, type SSMClient } from "@aws-sdk/client-ssm";
import { COMMAND_LIFE, DELIVERY_TIME } from "../../../contract/host-document.ts";
import { HOST_PARAMETERS, type HostMode } from "../../../contract/host-input.ts";
import { type Encoded, encodeChanges, encodeFullList } from "../../../core/firewall/encode.ts";
import type { Commands } from "../../../ports/commands.ts";
import { PortError } from "../../../ports/failure.ts";
import type { Fleet, FleetReport } from "../../../ports/fleet.ts";
import type { Metrics } from "../../../ports/metrics.ts";
import { calling, isHostUnknown } from "../errors.ts";
import { findDocument, type PinnedDocument } from "./document.ts";

/** The tag that makes an instance one of the fleet. */
export interface FleetTag {
  readonly key: string;
  readonly value: string;
}

export interface SsmFleetDeps {
  readonly client: SSMClient;
  readonly document: string;
  /** Of the host script that belongs to this program, in hex. */
  readonly scriptSha256: string;
  readonly tag: FleetTag;
  /** Keeps what was sent until the answers are in. */
  readonly commands: Commands;
  readonly metrics: Metrics;
  /** Epoch ms. */
  readonly now: () => number;
}

/** As many as one command may name. */
export const MOST_NAMED = 50;

export function createSsmFleet(deps: SsmFleetDeps): Fleet {
  let pinned: Promise<PinnedDocument> | undefined;
  const document = (): Promise<PinnedDocument> => {
    pinned ??= findDocument(deps.client, deps.document, deps.scriptSha256).catch((error: unknown) => {
      // Found no document, or no service: the next command looks again.
      pinned = undefined;
      throw error;
    });
    return pinned;
  };
  const send = async (mode: HostMode, hosts: readonly string[] | undefined, encode: (limit: number) => Encoded) => {
    try {
      return await sendAll(mode, hosts, encode, await document(), deps);
    } catch (error) {
      // The document may have been replaced since: the next command looks again.
      if (error instanceof PortError && error.code !== "unavailable") pinned = undefined;
      throw error;
    }
  };
  const nothing = (): Encoded => ({ chunks: [""], refused: [] });
  return {
    apply: (changes) => send("apply", undefined, (limit) => encodeChanges(changes, limit)),
    reconcile: (bans, scope) => send("reconcile", scope?.hosts, (limit) => encodeFullList(bans, limit, scope?.asOf)),
    status: (hosts) => send("status", hosts, nothing),
    clear: (hosts) => send("clear", hosts, nothing),
  };
}

async function sendAll(
  mode: HostMode,
  hosts: readonly string[] | undefined,
  encode: (limit: number) => Encoded,
  document: PinnedDocument,
  deps: SsmFleetDeps,
): Promise<readonly FleetReport[]> {
  const { chunks, refused } = encode(document.changesLimit);
  const reports: FleetReport[] = refused.map((change) => ({ kind: "refused", ...change }));
  for (const chunk of chunks) {
    const order = { mode, chunk, changes: changesIn(chunk), document };
    if (hosts === undefined) reports.push(await sendOne(order, undefined, deps));
    else for (const group of groupsOf(hosts)) reports.push(...(await sendToHosts(order, group, deps)));
  }
  return reports;
}

interface Order {
  readonly mode: HostMode;
  readonly chunk: string;
  readonly changes: number;
  readonly document: PinnedDocument;
}

/** A command that names one host which the service does not reach is refused as a whole: find it, and send to the others. */
async function sendToHosts(order: Order, hosts: readonly string[], deps: SsmFleetDeps): Promise<FleetReport[]> {
  try {
    return [await sendOne(order, hosts, deps)];
  } catch (error) {
    if (!(error instanceof PortError) || !isHostUnknown(error.cause)) throw error;
    const [host = ""] = hosts;
    if (hosts.length === 1) {
      return [{ kind: "replied", host, reply: { kind: "unreadable", message: "Systems Manager does not reach it" } }];
    }
    const half = Math.ceil(hosts.length / 2);
    return [
      ...(await sendToHosts(order, hosts.slice(0, half), deps)),
      ...(await sendToHosts(order, hosts.slice(half), deps)),
    ];
  }
}

async function sendOne(order: Order, hosts: readonly string[] | undefined, deps: SsmFleetDeps): Promise<FleetReport> {
  const { tag, client, commands, metrics } = deps;
  const sentAt = deps.now();
  const to = hosts === undefined ? `tag ${tag.key}=${tag.value}` : hosts.join(",");
  const answer = await calling({ operation: "SendCommand", on: `document ${order.document.name}` }, () =>
    client.send(new SendCommandCommand(inputOf(order, hosts, tag, sentAt))),
  );
  const command = answer.Command?.CommandId;
  if (command === undefined) {
    throw new PortError("unavailable", `SendCommand to ${to} named no command`, "Send the changes again.");
  }
  metrics.count("Commands", 1);
  await commands.open({ id: command, sentAt, mode: order.mode, hosts, changes: order.changes });
  return { kind: "sent", to, command };
}

function inputOf(
  { mode, chunk, changes, document }: Order,
  hosts: readonly string[] | undefined,
  { key, value }: FleetTag,
  sentAt: number,
): SendCommandCommandInput {
  return {
    DocumentName: document.name,
    DocumentVersion: document.version,
    ...(document.hash === undefined ? {} : { DocumentHash: document.hash, DocumentHashType: "Sha256" }),
    ...(hosts === undefined ? { Targets: [{ Key: `tag:${key}`, Values: [value] }] } : { InstanceIds: [...hosts] }),
    Parameters: {
      [HOST_PARAMETERS.mode]: [mode],
      ...(chunk === "" ? {} : { [HOST_PARAMETERS.changes]: [chunk] }),
      [HOST_PARAMETERS.deadline]: [String(Math.floor((sentAt + COMMAND_LIFE) / 1000))],
    },
    TimeoutSeconds: DELIVERY_TIME / 1000,
    MaxConcurrency: "100%",
    MaxErrors: "100%",
    Comment: `fleet2ban ${mode}: ${changes} ${changes === 1 ? "change" : "changes"}`,
  };
}

function groupsOf(hosts: readonly string[]): readonly (readonly string[])[] {
  const unique = [...new Set(hosts)];
  return Array.from({ length: Math.ceil(unique.length / MOST_NAMED) }, (_, i) =>
    unique.slice(i * MOST_NAMED, (i + 1) * MOST_NAMED),
  );
}

function changesIn(chunk: string): number {
  return chunk.split("\n").filter((line) => /^[bu] /.test(line)).length;
}
