/**
 * The cloud's part of the rig: the synthesised Lambdas under their own Node, with event source mappings and schedules, on
 * the services of services.ts. docs/rig.md says what stands in for AWS.
 */
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { compileRuleset } from "../cdk/compile-ruleset.ts";
import { readSettings } from "../cdk/settings.ts";
import { BATCH_SIZE } from "../cdk/triggers.ts";
import { decodeStreamRecord } from "../shared/adapters/aws/dynamodb/stream-record.ts";
import { synthesiseAssets } from "../test/support/lambda-assets.ts";
import { type LambdaFunction, startLambda } from "../test/support/lambda-runtime.ts";
import type { Namespace } from "../test/support/netns.ts";
import type { LambdaParts } from "../test/support/node24.ts";
import type { SsmStandIn } from "../test/support/ssm-agent.ts";
import type { Clockwork } from "./delays.ts";
import { type Pausable, repeat, startEventSource } from "./event-source.ts";
import { personalEnvironment, runCommand, type Said } from "./person.ts";
import { type Mail, STACK, startServices } from "./services.ts";
import { type Story, tellChanges } from "./story.ts";

/** The functions and how long each may take, ms, as cdk/functions.ts has it. */
const TIMEOUTS = { ingest: 60_000, enforce: 180_000, sweep: 55_000, reconcile: 240_000, notify: 120_000 };
type Name = keyof typeof TIMEOUTS;
const LAMBDAS = Object.keys(TIMEOUTS) as readonly Name[];
const CONFIGURATION = fileURLToPath(new URL("configuration", import.meta.url));
/** Bans of one jail in a minute that trip its breaker. */
export const BANS_PER_MINUTE = 60;

/** Between two looks whether a schedule is due, ms. */
const LOOK = 200;

export interface Cloud {
  readonly ssm: SsmStandIn;
  /** Name, subscription pattern, and the file on the hosts whose lines belong there. */
  readonly logGroups: readonly { readonly name: string; readonly pattern: string; readonly file: string }[];
  readonly mails: readonly Mail[];
  /** Invokes ingest; false = it failed. */
  ingest(event: unknown): Promise<boolean>;
  /** The product's command line with `--stack`. */
  command(...argv: readonly string[]): Promise<Said>;
  /** The same with lines on its standard input. */
  commandOn(lines: readonly string[], ...argv: readonly string[]): Promise<Said>;
  /** Ids whose ban row has gone, as the stream told it. */
  readonly lifted: ReadonlySet<string>;
  /** What to set for a command line of one's own, as shell text. */
  readonly attach: string;
  agent(host: string, namespace: Namespace, backend: "ipset" | "nft"): void;
  /** Ends every function, mapping and schedule until `resume`; log lines wait. */
  stop(): Promise<void>;
  resume(): void;
  /** Lines of the functions' logs that are warnings or worse. */
  troubles(): readonly string[];
  close(): Promise<void>;
}

/** Bans and unbans in a command; a check of the hosts has none. */
export function changesIn({ Parameters }: SsmStandIn["sent"][number]): number {
  return (Parameters?.Changes?.[0] ?? "").match(/^[bu] /gm)?.length ?? 0;
}

export async function startCloud(
  parts: LambdaParts,
  folder: string,
  story: Story,
  clockwork: Clockwork,
): Promise<Cloud> {
  const ends: (() => unknown)[] = [];
  const close = async () => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    const settings = readSettings(
      {
        ...{ name: STACK, configuration: CONFIGURATION, bansPerMinute: BANS_PER_MINUTE },
        ...{ mode: "enforce", jailModes: { "haproxy-denied": "observe" } },
      },
      "the rig",
    );
    const { ruleset, patterns, files } = compileRuleset(settings);
    const logGroups = Object.entries(patterns).map(([name, { pattern }]) => {
      const [file = "", ...more] = files[name] ?? [];
      if (more.length > 0) throw new Error(`the rig has one file for a log group, and ${name} has more`);
      return { name, pattern, file };
    });
    // What follows takes seconds without a pause: a Ctrl-C is heard before.
    await setImmediate();
    const assets = synthesiseAssets({ names: LAMBDAS, ruleset, architecture: parts.architecture, into: folder });

    const services = await startServices(Object.keys(patterns), story, clockwork);
    ends.push(() => services.close());
    const { ssm, stream, mails, environment } = services;
    const lambdas = new Map<Name, LambdaFunction>();
    for (const name of LAMBDAS) {
      const { folder: task } = assets.get(name)!;
      const lambda = await startLambda({
        name,
        folder: task,
        node: parts.node,
        environment,
        timeoutMs: TIMEOUTS[name],
      });
      lambdas.set(name, lambda);
      ends.push(() => lambda.stop());
    }
    const lambda = (name: Name) => lambdas.get(name)!;
    let isStopped = false;
    const failed = (what: string) => {
      if (!isStopped) story.tell("cloud", what, "loud");
    };
    const invoke = async (name: Name, event: unknown): Promise<boolean> => {
      const outcome = await lambda(name).invoke(event);
      if (outcome.kind !== "result") failed(`${name}: ${JSON.stringify(outcome).slice(0, 300)}`);
      return outcome.kind === "result";
    };
    // The first check adopts the ruleset, as the first schedule after a deployment does.
    await invoke("reconcile", {});

    const tellOfBans = stream.reader();
    const lifted = new Set<string>();
    let commands = 0;
    const watch = async () => {
      const changes = tellOfBans(10_000).flatMap((record) => {
        const found = decodeStreamRecord(record);
        return found.kind === "change" ? [found.change] : [];
      });
      tellChanges(changes, story);
      for (const { kind, ban } of changes) if (kind === "lifted") lifted.add(ban.id);
      for (const command of ssm.sent.slice(commands)) {
        commands += 1;
        const changes = changesIn(command);
        const to = command.InstanceIds ?? "all hosts";
        if (changes > 0) story.tell("command", `${command.Parameters?.Mode}, ${changes} changes, to ${to}`, "pale");
      }
      return 1_000;
    };
    const every = (name: "sweep" | "reconcile") => {
      let ended = Number.NEGATIVE_INFINITY;
      return repeat(async () => {
        if (performance.now() - ended < clockwork.now()[name]) return LOOK;
        await invoke(name, {});
        ended = performance.now();
        return 0;
      });
    };
    const sources: readonly Pausable[] = [
      ...(["enforce", "notify"] as const).map((name) =>
        startEventSource({
          ...{ lambda: lambda(name), read: stream.reader(), batch: BATCH_SIZE[name], failed },
          window: () => clockwork.now()[`${name}Window`],
        }),
      ),
      every("sweep"),
      every("reconcile"),
    ];
    const watching = repeat(watch);
    let gate: Promise<void> = Promise.resolve();
    let open = () => {};
    const resume = () => {
      isStopped = false;
      open();
      for (const source of sources) source.resume();
    };
    const stop = async () => {
      isStopped = true;
      gate = new Promise((resolve) => {
        open = resolve;
      });
      const paused = sources.map((source) => source.pause());
      // What is under way is cut off; its records and lines come again.
      for (const each of lambdas.values()) each.recycle();
      await Promise.all(paused);
    };
    ends.push(async () => {
      await stop();
      open();
      await watching.pause();
    });
    const person = personalEnvironment(services.endpoints);
    const commandOn = (lines: readonly string[], ...argv: readonly string[]) => {
      const shown = argv.length > 8 ? [...argv.slice(0, 4), `… (${argv.length} words)`] : argv;
      const list = lines.length === 0 ? "" : ` < ${lines.length} lines`;
      story.tell("person", `fleet2ban ${shown.join(" ")} --stack ${STACK}${list}`);
      return runCommand(argv, person, lines.map((line) => `${line}\n`).join(""));
    };
    return {
      ...{ ssm, logGroups, mails, lifted, stop, resume, close },
      async ingest(event) {
        await gate;
        return invoke("ingest", event);
      },
      command: (...argv) => commandOn([], ...argv),
      commandOn,
      attach: Object.entries(person)
        .map(([name, value]) => `${name}=${value}`)
        .join(" "),
      agent: (host, namespace, backend) =>
        ssm.add({
          ...{ id: `i-${host}`, namespace },
          env: { FLEET2BAN_STATE: join(folder, `state-${host}`), FLEET2BAN_BACKEND: backend },
        }),
      troubles: () =>
        [...lambdas.values()].flatMap(({ log }) => log).filter((line) => /"level":"(WARN|ERROR)"/.test(line)),
    };
  } catch (error) {
    await close();
    throw error;
  }
}
