/** What a deployed stack says of itself, in an SSM parameter of its name: how `--stack NAME` finds everything. */
import * as z from "zod/mini";

/** The parameter's name. */
export function stackParameter(stack: string): string {
  return `/fleet2ban/${stack}`;
}

const text = z.string();

export const stackDescription = z.object({
  format: z.literal(1),
  /** Version of the program that was deployed. */
  version: text,
  windowsTable: text,
  bansTable: text,
  controlTable: text,
  documentName: text,
  targetTagKey: text,
  targetTagValue: text,
  alarmTopicArn: text,
  /** ARNs of the topics for mails about bans. */
  mailTopics: z.optional(z.array(text)),
  ingestFunction: text,
  /** Subscribed log groups. */
  logGroups: z.array(text),
});

export type StackDescription = z.infer<typeof stackDescription>;
