/** The reconcile function as the service starts it. */
import { setTimeout as sleep } from "node:timers/promises";
import { openSSM } from "../../shared/adapters/aws/lambda-clients.ts";
import { createSsmFleet } from "../../shared/adapters/aws/ssm/fleet.ts";
import { createSsmInventory } from "../../shared/adapters/aws/ssm/inventory.ts";
import { createSsmReceipts } from "../../shared/adapters/aws/ssm/receipts.ts";
import { readEnvironment, reconcileEnvironment } from "../../shared/contract/environment.ts";
import { RULESET_FILE } from "../../shared/contract/ruleset.ts";
import { inFrame } from "../runtime/invocation.ts";
import { loadRuleset } from "../runtime/load-ruleset.ts";
import { rememberRevision } from "../runtime/revision.ts";
import { readyRuleset } from "../runtime/ruleset.ts";
import { openFrame, openState } from "../runtime/wire.ts";
import { createHandler, type Outcome } from "./handler.ts";

const env = readEnvironment(reconcileEnvironment, process.env);
const frame = openFrame("reconcile", env.STACK_NAME);
const loaded = loadRuleset(new URL(RULESET_FILE, import.meta.url));
const ruleset = await readyRuleset(loaded.ruleset);
const { commands, hosts, bans, pace, editions } = openState(env, process.env, frame);
const client = openSSM();
const tag = { key: env.TARGET_TAG_KEY, value: env.TARGET_TAG_VALUE };
const document = env.DOCUMENT_NAME;
const revision = rememberRevision({ hash: ruleset.hash, text: loaded.text }, editions, frame.now);

export const handler = inFrame<unknown, Outcome>(
  frame,
  createHandler({
    ...{ commands, hosts, bans, pace, document },
    fleet: createSsmFleet({
      ...{ client, document, tag, commands },
      scriptSha256: env.SCRIPT_SHA256,
      metrics: frame.metrics,
      now: frame.now,
    }),
    inventory: createSsmInventory(client, tag),
    receipts: createSsmReceipts(client),
    jails: [...ruleset.rules.keys()],
    firewalls: async () => ruleset.firewallsAt(await revision()),
    script: env.SCRIPT_VERSION,
    wait: (duration) => sleep(duration),
  }),
);
