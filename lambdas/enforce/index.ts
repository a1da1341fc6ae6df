/** The enforce function as the service starts it. */
import { setTimeout as sleep } from "node:timers/promises";
import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from "aws-lambda";
import { openSNS, openSQS, openSSM } from "../../shared/adapters/aws/lambda-clients.ts";
import { createSetAside } from "../../shared/adapters/aws/set-aside.ts";
import { createTopicAlarm } from "../../shared/adapters/aws/sns/topic-alarm.ts";
import { createSsmFleet } from "../../shared/adapters/aws/ssm/fleet.ts";
import { enforceEnvironment, readEnvironment } from "../../shared/contract/environment.ts";
import { RULESET_FILE } from "../../shared/contract/ruleset.ts";
import { inFrame } from "../runtime/invocation.ts";
import { loadRuleset } from "../runtime/load-ruleset.ts";
import { rememberRevision } from "../runtime/revision.ts";
import { readyRuleset } from "../runtime/ruleset.ts";
import { countingDeps, openFrame, openState } from "../runtime/wire.ts";
import { createHandler } from "./handler.ts";

const env = readEnvironment(enforceEnvironment, process.env);
const frame = openFrame("enforce", env.STACK_NAME);
const loaded = loadRuleset(new URL(RULESET_FILE, import.meta.url));
const ruleset = await readyRuleset(loaded.ruleset);
const state = openState(env, process.env, frame);
const fleet = createSsmFleet({
  client: openSSM(),
  document: env.DOCUMENT_NAME,
  scriptSha256: env.SCRIPT_SHA256,
  tag: { key: env.TARGET_TAG_KEY, value: env.TARGET_TAG_VALUE },
  commands: state.commands,
  metrics: frame.metrics,
  now: frame.now,
});

export const handler = inFrame<DynamoDBStreamEvent, DynamoDBBatchResponse>(
  frame,
  createHandler({
    ruleset,
    revision: rememberRevision({ hash: ruleset.hash, text: loaded.text }, state.editions, frame.now),
    fleet,
    pacing: { pace: state.pace, pool: state.pool, wait: (duration) => sleep(duration) },
    counting: countingDeps({ state, ruleset }),
    setAside: createSetAside(openSQS(), env.SET_ASIDE_QUEUE_URL),
    alarm: createTopicAlarm(openSNS(), env.ALARM_TOPIC_ARN),
    stack: env.STACK_NAME,
    bansPerMinute: ruleset.bansPerMinute,
  }),
);
