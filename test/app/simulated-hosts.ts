/** A fleet of as many hosts as a test wants, each a ledger with the host script's rules, asked and answering at once. */
import { digestOf } from "../../shared/core/firewall/digest.ts";
import { type Ledger, learn, standing, takeFullList } from "../../shared/core/firewall/ledger.ts";
import type { Receipt } from "../../shared/core/firewall/receipt.ts";
import type { Commands, OpenCommand } from "../../shared/ports/commands.ts";
import type { Fleet, FleetReport } from "../../shared/ports/fleet.ts";
import type { FleetHost, Inventory } from "../../shared/ports/inventory.ts";
import type { Answered, Receipts } from "../../shared/ports/receipts.ts";
import { receipt } from "../core/fleet/samples.ts";

export interface SimulatedHost {
  readonly host: string;
  ledger: Ledger;
  bootId: string;
  online: boolean;
  /** Commands do not reach it, although it looks online. */
  deaf: boolean;
  /** Changes what it answers. */
  receipt: Partial<Receipt>;
}

export interface SimulatedHosts {
  readonly hosts: readonly SimulatedHost[];
  readonly fleet: Fleet;
  readonly inventory: Inventory;
  readonly receipts: Receipts;
  /** Modes of the commands so far, and how many hosts each named; undefined = all. */
  readonly sent: { readonly mode: string; readonly named: number | undefined }[];
  /** How often answers were asked for. */
  readonly looks: () => number;
}

/** Hosts "i-1" and up; `now` gives epoch ms. */
export function simulatedHosts(count: number, commands: Commands, now: () => number): SimulatedHosts {
  const hosts = Array.from(
    { length: count },
    (_, i): SimulatedHost => ({
      ...{ host: `i-${i + 1}`, ledger: new Map(), bootId: "boot-1", online: true, deaf: false, receipt: {} },
    }),
  );
  const sent: { mode: string; named: number | undefined }[] = [];
  const answers = new Map<string, readonly Answered[]>();
  let looks = 0;
  const send = async (
    mode: OpenCommand["mode"],
    names: readonly string[] | undefined,
    act: (ledger: Ledger, at: number) => Ledger,
  ): Promise<readonly FleetReport[]> => {
    const command = `command-${sent.length}`;
    const at = now();
    sent.push({ mode, named: names?.length });
    await commands.open({ id: command, sentAt: at, mode, hosts: names, changes: 0 });
    const asked = hosts.filter(({ host }) => names === undefined || names.includes(host));
    answers.set(
      command,
      asked.map((each): Answered => {
        if (!each.online || each.deaf) return { kind: "pending", host: each.host };
        each.ledger = act(each.ledger, at);
        return { kind: "replied", host: each.host, reply: receiptOf(each, mode, at), at };
      }),
    );
    return [{ kind: "sent", to: "hosts", command }];
  };
  return {
    hosts,
    sent,
    looks: () => looks,
    fleet: {
      apply: (changes) => send("apply", undefined, (ledger, at) => learn(ledger, changes, at)),
      reconcile: (bans, scope) =>
        send("reconcile", scope?.hosts, (ledger, at) => takeFullList(ledger, bans, at, scope?.asOf)),
      status: (names) => send("status", names, (ledger) => ledger),
      clear: (names) => send("clear", names, () => new Map()),
    },
    inventory: {
      hosts: async () =>
        hosts.map(
          ({ host, online }): FleetHost => ({
            ...{ host, online, seenAt: 1, agent: "3.3.2746.0", platform: undefined, addresses: [] },
          }),
        ),
    },
    receipts: {
      collect: async (command) => {
        looks++;
        return answers.get(command) ?? [];
      },
    },
  };
}

function receiptOf({ ledger, bootId, receipt: more }: SimulatedHost, mode: OpenCommand["mode"], at: number): Receipt {
  const bans = standing(ledger, at).map(({ jail, target, expiry }) => ({
    ...{ jail, target, expiresAt: expiry === 0 ? undefined : expiry * 1000 },
  }));
  const second = Math.floor(at / 1000) * 1000;
  return receipt({ mode, bootId, at: second, bans: bans.length, digest: digestOf(bans, second), ...more });
}
