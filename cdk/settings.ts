/**
 * What a person may set of a deployment: fleet2ban.json beside cdk.json, or the context "fleet2ban" of cdk.json.
 *
 * Everything has a default that is safe to deploy: it watches and bans nobody. A mistake is told with its place, what
 * was given and what may stand there; a name that nothing reads is a mistake.
 */
import * as z from "zod";
import { parseNetwork } from "../shared/core/address.ts";
import { isLogGroupName } from "../shared/core/config/log-groups.ts";
import { DEFAULT_BANS_PER_MINUTE } from "../shared/core/detect/breaker.ts";
import { SettingsError, settingsProblems } from "./settings-error.ts";

/** The networks that VPCs are made of, and of carrier-grade NAT, which stands in them too: never clients from outside. */
export const PRIVATE_NETWORKS = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"];

/** The days for which CloudWatch Logs can keep lines. */
const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

const text = (allowed: string, pattern: RegExp) => z.string({ error: allowed }).regex(pattern, { error: allowed });
const choice = <const T extends readonly [string, ...string[]]>(...words: T) =>
  z.enum(words, { error: words.map((word) => `"${word}"`).join(" or ") });
const whole = (from: number, to: number) => {
  const allowed = `a whole number from ${from} to ${to}`;
  return z.int({ error: allowed }).min(from, { error: allowed }).max(to, { error: allowed });
};
const flag = z.boolean({ error: "true or false" });
const OBJECT = {
  error: (issue: { code?: string }) => (issue.code === "invalid_type" ? "an object of settings" : undefined),
};
const list = <T extends z.ZodType>(item: T, of: string) => z.array(item, { error: `a list of ${of}` });

const mode = choice("observe", "enforce");
const jailName = text("a jail's name", /^[-.\w]{1,63}$/);
const LOG_GROUP = "a log group's name: letters, digits and - _ / . #";
const logGroup = z.string({ error: LOG_GROUP }).refine(isLogGroupName, { error: LOG_GROUP });
const mail = text("a mail address", /^[^\s@]+@[^\s@]+\.[^\s@]+$/);
const NETWORK = "an address or a network, such as 198.51.100.7 or 10.0.0.0/8";
const network = z.string({ error: NETWORK }).refine((word) => parseNetwork(word) !== undefined, { error: NETWORK });
const KEY = '"own", "aws-managed", or the ARN of a KMS key';

const logGroups = z.strictObject(
  {
    /** Log groups of a jail, in place of what its configuration says. */
    byJail: z.record(jailName, list(logGroup, "log groups").min(1, { error: "at least one log group" })).default({}),
    /** Subscribe these and no others; absent = every log group that a jail reads. */
    only: list(logGroup, "log groups").min(1, { error: "at least one log group" }).optional(),
    /** Make the log groups; else they have to be there. */
    create: flag.default(false),
  },
  OBJECT,
);
/** The tag by which an instance is one of the fleet. */
const target = z.strictObject(
  {
    key: text("a tag's key, up to 128 characters", /^[\w .:/=+\-@]{1,128}$/).default("fleet2ban"),
    value: text("a tag's value, up to 256 characters", /^[\w .:/=+\-@]{1,256}$/).default("host"),
  },
  OBJECT,
);
const ingest = z.strictObject(
  {
    /** "kinesis" costs by the hour; it is for very many hosts, and for lines that can be replayed. */
    by: choice("lambda", "kinesis").default("lambda"),
    /** Instances of the function at once; absent = no bound but the account's. */
    maxConcurrency: whole(1, 1000).optional(),
  },
  OBJECT,
);
/** What State Manager prepares on the tagged instances. */
const hosts = z.strictObject(
  {
    /** Installs the CloudWatch agent and has it send the jails' files. */
    agent: flag.default(false),
    /** Installs ipset and iptables where they are missing. */
    packages: flag.default(false),
  },
  OBJECT,
);
const alarms = z.strictObject(
  {
    mails: list(mail, "mail addresses").default([]),
    /** No line in a log group for so long is an alarm; 0 = never. */
    silentMinutes: whole(0, 1440).default(30),
    /** Hosts that differ from the ban rows for so long are an alarm; with a period to spare, an alarm looks back a day. */
    outOfSyncMinutes: whole(10, 1430).default(15),
  },
  OBJECT,
);

const schema = z.strictObject(
  {
    /** What `--stack` is given; the stacks' and functions' names begin with it. */
    name: text(
      "a small letter, then small letters, digits and hyphens; at most 32, and not -state at the end",
      // "web-state" is the state's stack of "web".
      /^(?!.*-state$)[a-z][a-z0-9-]{0,31}$/,
    ).default("fleet2ban"),
    /** The configuration directory, relative to the working directory; absent = the one that comes with fleet2ban. */
    configuration: text("a directory", /./).optional(),
    /** "observe" = find, count, record and tell, but put nothing on any host. */
    mode: mode.default("observe"),
    /** The mode of single jails, over `mode`. */
    jailModes: z.record(jailName, mode, { error: "a mode for each jail" }).default({}),
    logGroups: logGroups.prefault({}),
    target: target.prefault({}),
    ingest: ingest.prefault({}),
    architecture: choice("arm64", "x86_64").default("arm64"),
    /** Who gets what a jail mails to a `dest`; "*" = every dest that is not named. A dest that is an address needs no entry. */
    mails: z
      .record(z.string(), list(mail, "mail addresses").min(1, { error: "at least one mail address" }))
      .default({}),
    /** Never banned by any jail. */
    neverBan: list(network, "addresses and networks").default(PRIVATE_NETWORKS),
    /** More bans of one jail within a minute trip its breaker. */
    bansPerMinute: whole(1, 100_000).default(DEFAULT_BANS_PER_MINUTE),
    /** Of tables, topics, queues and logs: a key of the stack's own, AWS's, or one that is there. */
    encryption: text(
      KEY,
      /^(own|aws-managed|arn:[\w-]+:kms:[\w-]+:\d{12}:key\/(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}))$/,
    ).default("own"),
    /** Days for which the functions' logs are kept. */
    logRetentionDays: z
      .int({ error: "a whole number" })
      .refine((days) => RETENTION_DAYS.includes(days), { error: `one of ${RETENTION_DAYS.join(", ")}` })
      .default(30),
    /** Concurrency set aside for `sweep` and `reconcile`; an account with a quota of 10 has none to set aside. */
    reserveConcurrency: flag.default(true),
    hosts: hosts.prefault({}),
    alarms: alarms.prefault({}),
  },
  OBJECT,
);

/** A deployment's settings, complete. */
export type Settings = z.output<typeof schema>;
/** What a person writes. */
export type SettingsInput = z.input<typeof schema>;

/** The settings with their defaults; `source` names where they are from. Throws a SettingsError that names every mistake. */
export function readSettings(given: unknown, source: string): Settings {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new SettingsError(settingsProblems(parsed.error.issues, { given, source, names: NAMES }));
}

/** The names that there are, by the place they stand in. */
const NAMES = new Map(
  Object.entries({ "": schema, logGroups, target, ingest, hosts, alarms }).map(([place, { shape }]) => [
    place,
    Object.keys(shape),
  ]),
);
