/** The notify function as the service starts it. */
import { setTimeout as sleep } from "node:timers/promises";
import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from "aws-lambda";
import { openSNS, openSQS } from "../../shared/adapters/aws/lambda-clients.ts";
import { createSetAside } from "../../shared/adapters/aws/set-aside.ts";
import { createTopicMailbox, parseMailTopics } from "../../shared/adapters/aws/sns/topic-mailbox.ts";
import { createWhois } from "../../shared/adapters/whois/whois.ts";
import { notifyEnvironment, readEnvironment } from "../../shared/contract/environment.ts";
import { RULESET_FILE } from "../../shared/contract/ruleset.ts";
import { inFrame } from "../runtime/invocation.ts";
import { loadRuleset } from "../runtime/load-ruleset.ts";
import { openFrame, openState } from "../runtime/wire.ts";
import { createHandler } from "./handler.ts";
import { mailActionsOf } from "./mail-actions.ts";

const env = readEnvironment(notifyEnvironment, process.env);
const frame = openFrame("notify", env.STACK_NAME);
const { ruleset } = loadRuleset(new URL(RULESET_FILE, import.meta.url));
const { pace, marks } = openState(env, process.env, frame);

export const handler = inFrame<DynamoDBStreamEvent, DynamoDBBatchResponse>(
  frame,
  createHandler({
    actions: mailActionsOf(ruleset),
    observed: new Set(ruleset.observed),
    teller: { name: env.STACK_NAME, stack: env.STACK_NAME, zone: () => 0, zoneName: "UTC" },
    mailbox: createTopicMailbox(openSNS(), parseMailTopics(env.MAIL_TOPICS)),
    whois: createWhois({ now: frame.now }),
    setAside: createSetAside(openSQS(), env.SET_ASIDE_QUEUE_URL),
    wait: (duration) => sleep(duration),
    ...{ pace, marks },
  }),
);
