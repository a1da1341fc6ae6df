/**
 * What each Lambda takes from its environment. The schemas type what CDK hands in and check what a function finds at its
 * start, so that a missing name fails a deployment's first second, not the first attack.
 */
import * as z from "zod/mini";

const text = z.string().check(z.minLength(1));

const state = {
  /** The name that people give to `--stack`. */
  STACK_NAME: text,
  WINDOWS_TABLE: text,
  BANS_TABLE: text,
  CONTROL_TABLE: text,
};
/** Where alarms go. */
const alarms = { ALARM_TOPIC_ARN: text };
/** Where what is malformed, or refused for good, is put. */
const setAside = { SET_ASIDE_QUEUE_URL: text };
/** How hosts are reached: the document, the script inside it, and the tag that makes an instance one of ours. */
const fleet = {
  DOCUMENT_NAME: text,
  SCRIPT_VERSION: text,
  /** Of the host script's text, in hex. */
  SCRIPT_SHA256: text,
  TARGET_TAG_KEY: text,
  TARGET_TAG_VALUE: text,
};

export const ingestEnvironment = z.object({ ...state, ...alarms, ...setAside });
export const enforceEnvironment = z.object({ ...state, ...alarms, ...setAside, ...fleet });
export const sweepEnvironment = z.object({ ...state });
export const reconcileEnvironment = z.object({ ...state, ...fleet });
export const notifyEnvironment = z.object({
  ...state,
  ...setAside,
  /** Topic for each `dest` of the jails' mail actions, as JSON: {"ops@example.org": "arn:…"}; "*" = any other. */
  MAIL_TOPICS: text,
});

export type SweepEnvironment = z.infer<typeof sweepEnvironment>;

/** The environment as the schema has it. Throws an Error that names every variable that is missing or empty. */
export function readEnvironment<T>(schema: z.ZodMiniType<T>, env: Readonly<Record<string, string | undefined>>): T {
  const parsed = z.safeParse(schema, env);
  if (parsed.success) return parsed.data;
  const names = parsed.error.issues.map((issue) => issue.path.join("."));
  throw new Error(`the environment lacks ${names.join(", ")}: deploy the stack again`);
}
