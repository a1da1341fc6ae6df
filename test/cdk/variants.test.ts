/** What a setting changes of the templates, and what nothing changes. */
import { App, Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { describe, expect, it } from "vitest";
import { RefusedConfiguration } from "../../cdk/compile-ruleset.ts";
import { Fleet2Ban } from "../../cdk/fleet2ban.ts";
import { configurationOf, jail } from "./configuration.ts";
import { ofType, PLACEHOLDER, resourcesOf, type Synthesised, synthesise } from "./synthesise.ts";

const WEB = ["logpath = /var/log/web.log"];

describe("a setting", () => {
  it("puts a stream before the function, whose records it does not filter", () => {
    const { program } = synthesise({ ingest: { by: "kinesis" } });
    const [filter] = ofType("AWS::Logs::SubscriptionFilter", program);
    expect(filter!.Properties).toMatchObject({ Distribution: "Random", RoleArn: expect.anything() });
    program.hasResourceProperties("AWS::Kinesis::Stream", {
      StreamModeDetails: { StreamMode: "ON_DEMAND" },
      StreamEncryption: { EncryptionType: "KMS" },
    });
    const mappings = ofType("AWS::Lambda::EventSourceMapping", program);
    expect(mappings).toHaveLength(3);
    expect(mappings.map(({ Properties }) => Properties.FilterCriteria)).toEqual([undefined, undefined, undefined]);
    expect(ofType("AWS::Lambda::Permission", program).map(({ Properties }) => Properties.Principal)).not.toContain(
      "logs.amazonaws.com",
    );
  });

  it("chooses architecture, name, tag, key and retention", () => {
    const { state, program } = synthesise({
      name: "lb",
      architecture: "x86_64",
      target: { key: "role", value: "edge" },
      encryption: "aws-managed",
      logRetentionDays: 7,
      reserveConcurrency: false,
      ingest: { maxConcurrency: 12 },
    });
    const functions = ofType("AWS::Lambda::Function", program);
    expect(functions.map(({ Properties }) => Properties.Architectures)).toEqual(functions.map(() => ["x86_64"]));
    expect(functions.flatMap(({ Properties }) => Properties.ReservedConcurrentExecutions ?? [])).toEqual([12]);
    expect(functions[0]!.Properties.FunctionName).toBe("lb-ingest");
    expect(JSON.stringify(program.toJSON())).toContain('"ssm:resourceTag/role":"edge"');
    expect(ofType("AWS::KMS::Key", state)).toEqual([]);
    expect(JSON.stringify(program.toJSON())).not.toContain("kms:");
    expect(ofType("AWS::SQS::Queue", state).map(({ Properties }) => Properties.SqsManagedSseEnabled)).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });

  it("prepares the hosts, where it is asked to and not else", () => {
    expect(ofType("AWS::SSM::Association", synthesise().program)).toEqual([]);
    const { program } = synthesise({
      hosts: { agent: true, packages: true },
      configuration: configurationOf({ "jail.local": jail("web", WEB) }),
    });
    program.hasResourceProperties("AWS::SSM::Association", {
      Name: "fleet2ban-prepare",
      Targets: [{ Key: "tag:fleet2ban", Values: ["host"] }],
    });
    const [agent] = ofType("AWS::SSM::Parameter", program).filter(
      ({ Properties }) => Properties.Name === "AmazonCloudWatch-fleet2ban",
    );
    expect(JSON.parse(agent!.Properties.Value as string).logs.logs_collected.files.collect_list).toEqual([
      {
        file_path: "/var/log/web.log",
        log_group_name: "/var/log/web",
        log_stream_name: "{instance_id}",
        retention_in_days: 30,
      },
    ]);
  });

  it("makes the log groups, and keeps them", () => {
    const groups = ofType("AWS::Logs::LogGroup", synthesise({ logGroups: { create: true } }).state);
    expect(groups).toMatchObject([{ DeletionPolicy: "Retain", Properties: { LogGroupName: "/var/log/haproxy" } }]);
  });

  it("is refused where a jail's mail would reach nobody", () => {
    const configuration = configurationOf({ "jail.local": jail("web", WEB, { mail: "root@localhost" }) });
    expect(() => synthesise({ configuration })).toThrow(RefusedConfiguration);
    expect(() => synthesise({ configuration })).toThrow(
      '[web] mails to "root@localhost", which is no address that can be reached',
    );
    expect(() => synthesise({ configuration, mails: { "*": ["ops@example.org"] } })).not.toThrow();
  });
});

describe("the construct", () => {
  it("is a whole deployment in somebody else's stack, whatever that app's context is", () => {
    const stack = new Stack(new App(), "Theirs");
    const made = new Fleet2Ban(stack, "Fleet2Ban", { name: "lb", mode: "enforce", code: PLACEHOLDER });
    const template = Template.fromStack(stack);
    expect(ofType("AWS::DynamoDB::Table", template)).toHaveLength(3);
    expect(ofType("AWS::DynamoDB::Table", template).map(({ DeletionPolicy }) => DeletionPolicy)).toContain("Retain");
    expect(ofType("AWS::Lambda::Function", template)).toHaveLength(5);
    expect(made.functions.ingest.functionName).toBe("lb-ingest");
    expect(() => new Fleet2Ban(stack, "Other", { mode: "on" as "observe", code: PLACEHOLDER })).toThrow(
      'Fleet2Ban: mode: "on" is not allowed; write "observe" or "enforce"',
    );
  });
});

describe("two syntheses", () => {
  it("give the same templates", () => {
    const [one, other] = [synthesise(), synthesise()];
    expect(one.state.toJSON()).toEqual(other.state.toJSON());
    expect(one.program.toJSON()).toEqual(other.program.toJSON());
  });

  it("never give what holds data, or is called by others, another logical id", () => {
    const { state, program } = synthesise({ hosts: { agent: true } });
    const changed = synthesise({
      mode: "enforce",
      configuration: configurationOf({
        "jail.local": jail("other", ["loggroup = /z"]) + jail("haproxy", ["loggroup = /var/log/haproxy"]),
      }),
    });
    const ids = (template: typeof state, ...types: string[]) =>
      [...resourcesOf(template)].flatMap(([id, { Type }]) => (types.includes(Type) ? [id] : []));
    expect(ids(state, "AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::KMS::Key", "AWS::SNS::Topic")).toEqual(
      IDS.state,
    );
    expect(ids(program, "AWS::Lambda::Function", "AWS::Lambda::EventSourceMapping")).toEqual(IDS.program);
    expect(ids(changed.program, "AWS::Lambda::Function", "AWS::Lambda::EventSourceMapping")).toEqual(IDS.program);
    const subscription = ids(program, "AWS::Logs::SubscriptionFilter")[0];
    expect(ids(changed.program, "AWS::Logs::SubscriptionFilter")).toContain(subscription);
  });
});

describe("what the program takes from the state's stack", () => {
  const exported = ({ state }: Synthesised) =>
    Object.values(state.toJSON().Outputs as Record<string, { readonly Export?: { readonly Name: string } }>)
      .map(({ Export }) => Export?.Name)
      .sort();

  it("are exports, and all that it takes is exported", () => {
    const made = synthesise();
    const names = exported(made);
    const imported = [...JSON.stringify(made.program.toJSON()).matchAll(/"Fn::ImportValue":"([^"]+)"/g)];
    expect([...new Set(imported.map(([, name]) => name))].sort()).toEqual(names);
    expect(JSON.stringify(made.program.toJSON())).not.toContain("Fn::GetStackOutput");
  });

  it("stays the same whatever the configuration says: CloudFormation takes no export away that is in use", () => {
    const names = exported(synthesise());
    const mailing = (mail: string) => ({ "jail.local": jail("web", WEB, { mail }) });
    for (const mail of ["ops@example.org", "soc@example.org"]) {
      const made = synthesise({ mode: "enforce", configuration: configurationOf(mailing(mail)) });
      expect(exported(made)).toEqual(names);
    }
    expect(exported(synthesise({ ingest: { by: "kinesis" }, logGroups: { create: true } }))).toEqual(names);
  });
});

/** Whoever changes one of these replaces a table, or loses the log lines of ten minutes. */
const IDS = {
  state: [
    "StateKeyCC9D02A8",
    "StateWindowsB2743514",
    "StateBans9D086AE3",
    "StateControlF62EF661",
    "StateAlarms9643F117",
    "StateSetAside470EC50B",
    "StateIngestDeadF73CAD0F",
    "StateEnforceDeadD440A0B4",
    "StateNotifyDead92936467",
  ],
  program: [
    "Fleet2BanIngestFunction80990561",
    "Fleet2BanEnforceFunction21E534B1",
    "Fleet2BanEnforceBansA065E2D2",
    "Fleet2BanSweepFunction00CD6B3C",
    "Fleet2BanReconcileFunctionDF54EB30",
    "Fleet2BanNotifyFunction564FC9B9",
    "Fleet2BanNotifyBans8A4E431A",
  ],
};
