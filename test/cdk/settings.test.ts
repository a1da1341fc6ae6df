import { describe, expect, it } from "vitest";
import { PRIVATE_NETWORKS, readSettings } from "../../cdk/settings.ts";
import { SettingsError } from "../../cdk/settings-error.ts";

const FILE = "fleet2ban.json";
const mistakes = (given: unknown): readonly string[] => {
  try {
    readSettings(given, FILE);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
};

describe("the settings of a deployment", () => {
  it("have a default for everything, and by default nobody is banned", () => {
    expect(readSettings({}, FILE)).toEqual({
      name: "fleet2ban",
      mode: "observe",
      jailModes: {},
      logGroups: { byJail: {}, create: false },
      target: { key: "fleet2ban", value: "host" },
      ingest: { by: "lambda" },
      architecture: "arm64",
      mails: {},
      neverBan: PRIVATE_NETWORKS,
      bansPerMinute: 300,
      encryption: "own",
      logRetentionDays: 30,
      reserveConcurrency: true,
      hosts: { agent: false, packages: false },
      alarms: { mails: [], silentMinutes: 30, outOfSyncMinutes: 15 },
    });
  });

  it("take everything that may be said", () => {
    const given = {
      name: "lb-guard",
      configuration: "./fail2ban",
      mode: "enforce",
      jailModes: { "haproxy-auth": "observe" },
      logGroups: { byJail: { sshd: ["/lb/secure"] }, only: ["/lb/secure"], create: true },
      target: { key: "role", value: "lb" },
      ingest: { by: "kinesis", maxConcurrency: 20 },
      architecture: "x86_64",
      mails: { root: ["ops@example.org"], "*": ["all@example.org"] },
      neverBan: ["198.51.100.7", "2001:db8::/32"],
      bansPerMinute: 50,
      encryption: "arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-4000-8000-0123456789ab",
      logRetentionDays: 14,
      reserveConcurrency: false,
      hosts: { agent: true, packages: true },
      alarms: { mails: ["ops@example.org"], silentMinutes: 0, outOfSyncMinutes: 60 },
    };
    expect(readSettings(given, FILE)).toEqual(given);
  });

  it.each([
    [{ mode: "on" }, 'mode: "on" is not allowed; write "observe" or "enforce"'],
    [{ jailModes: { sshd: true } }, 'jailModes.sshd: true is not allowed; write "observe" or "enforce"'],
    [{ jailModes: { "a b": "observe" } }, 'jailModes.a b: "a b" is not allowed; write a jail\'s name'],
    [
      { name: "Fleet" },
      'name: "Fleet" is not allowed; write a small letter, then small letters, digits and hyphens; at most 32, and not -state at the end',
    ],
    [
      { name: "web-state" },
      'name: "web-state" is not allowed; write a small letter, then small letters, digits and hyphens; at most 32, and not -state at the end',
    ],
    [{ configuration: 7 }, "configuration: 7 is not allowed; write a directory"],
    [{ configuration: "" }, 'configuration: "" is not allowed; write a directory'],
    [{ ingest: { by: "firehose" } }, 'ingest.by: "firehose" is not allowed; write "lambda" or "kinesis"'],
    [{ ingest: { maxConcurrency: 0 } }, "ingest.maxConcurrency: 0 is not allowed; write a whole number from 1 to 1000"],
    [{ architecture: "arm" }, 'architecture: "arm" is not allowed; write "arm64" or "x86_64"'],
    [
      { mails: { root: "ops@example.org" } },
      'mails.root: "ops@example.org" is not allowed; write a list of mail addresses',
    ],
    [{ mails: { root: [] } }, "mails.root: [] is not allowed; write at least one mail address"],
    [{ alarms: { mails: ["ops"] } }, 'alarms.mails.0: "ops" is not allowed; write a mail address'],
    [
      { neverBan: ["10.0.0"] },
      'neverBan.0: "10.0.0" is not allowed; write an address or a network, such as 198.51.100.7 or 10.0.0.0/8',
    ],
    [{ neverBan: "10.0.0.0/8" }, 'neverBan: "10.0.0.0/8" is not allowed; write a list of addresses and networks'],
    [{ bansPerMinute: 1.5 }, "bansPerMinute: 1.5 is not allowed; write a whole number from 1 to 100000"],
    [{ encryption: "mine" }, 'encryption: "mine" is not allowed; write "own", "aws-managed", or the ARN of a KMS key'],
    [
      { logRetentionDays: 8 },
      "logRetentionDays: 8 is not allowed; write one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653",
    ],
    [
      { logGroups: { only: ["a b"] } },
      'logGroups.only.0: "a b" is not allowed; write a log group\'s name: letters, digits and - _ / . #',
    ],
    [{ target: { value: "" } }, 'target.value: "" is not allowed; write a tag\'s value, up to 256 characters'],
    [{ hosts: { agent: "yes" } }, 'hosts.agent: "yes" is not allowed; write true or false'],
    [{ modes: "observe" }, "modes: there is no such setting; mode was probably meant"],
    [{ alarms: { mail: [] } }, "alarms.mail: there is no such setting; mails was probably meant"],
    [{ ingest: { through: "lambda" } }, "ingest.through: there is no such setting; there are by, maxConcurrency"],
    [[], "the settings: [] is not allowed; write an object of settings"],
    ["enforce", 'the settings: "enforce" is not allowed; write an object of settings'],
    [{ ingest: "kinesis" }, 'ingest: "kinesis" is not allowed; write an object of settings'],
  ])("%j", (given, problem) => {
    expect(mistakes(given)).toEqual([`${FILE}: ${problem}`]);
  });

  it("name every mistake at once", () => {
    expect(mistakes({ mode: "on", name: "", hosts: { agents: true } })).toHaveLength(3);
  });
});
