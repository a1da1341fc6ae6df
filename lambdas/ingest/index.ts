/** The ingest function as the service starts it: everything is compiled before the first payload comes. */
import type { KinesisStreamBatchResponse } from "aws-lambda";
import { openSNS, openSQS } from "../../shared/adapters/aws/lambda-clients.ts";
import { createSetAside } from "../../shared/adapters/aws/set-aside.ts";
import { createTopicAlarm } from "../../shared/adapters/aws/sns/topic-alarm.ts";
import { ingestEnvironment, readEnvironment } from "../../shared/contract/environment.ts";
import { RULESET_FILE } from "../../shared/contract/ruleset.ts";
import { inFrame } from "../runtime/invocation.ts";
import { loadRuleset } from "../runtime/load-ruleset.ts";
import { readyRuleset } from "../runtime/ruleset.ts";
import { countingDeps, openFrame, openState } from "../runtime/wire.ts";
import type { IngestEvent } from "./deliveries.ts";
import { createHandler } from "./handler.ts";
import { createTakePayload } from "./take-payload.ts";

const env = readEnvironment(ingestEnvironment, process.env);
const frame = openFrame("ingest", env.STACK_NAME);
const ruleset = await readyRuleset(loadRuleset(new URL(RULESET_FILE, import.meta.url)).ruleset);
for (const logGroup of ruleset.logGroups) ruleset.matcherOf(logGroup);
const state = openState(env, process.env, frame);
const setAside = createSetAside(openSQS(), env.SET_ASIDE_QUEUE_URL);
const takePayload = createTakePayload({
  ruleset,
  counting: countingDeps({ state, ruleset }),
  setAside,
  alarm: createTopicAlarm(openSNS(), env.ALARM_TOPIC_ARN),
  stack: env.STACK_NAME,
  bansPerMinute: ruleset.bansPerMinute,
});

export const handler = inFrame<IngestEvent, KinesisStreamBatchResponse>(
  frame,
  createHandler({ takePayload, setAside }),
);
