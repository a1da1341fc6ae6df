/** Inventory and receipts: pages, statuses, and outputs that a listing cuts off. */
import {
  type CommandInvocation,
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  ListCommandInvocationsCommand,
  SSMClient,
} from "@aws-sdk/client-ssm";
import { mockClient } from "aws-sdk-client-mock";
import { beforeEach, describe, expect, it } from "vitest";
import { createSsmInventory } from "../../../../shared/adapters/aws/ssm/inventory.ts";
import { createSsmReceipts } from "../../../../shared/adapters/aws/ssm/receipts.ts";
import { serviceError } from "../../../support/ssm-agent.ts";

const client = new SSMClient({ region: "us-east-1", credentials: { accessKeyId: "x", secretAccessKey: "x" } });
const mock = mockClient(client);
beforeEach(() => mock.reset());

const FAILED = '{"fleet2ban":1,"outcome":"failed","script":"1.0.0","code":"locked","message":"wait"}\n';
const START = new Date(1_000);
const END = new Date(2_345);

describe("the inventory", () => {
  it("reads every page of what carries the tag", async () => {
    mock
      .on(DescribeInstanceInformationCommand)
      .resolvesOnce({
        InstanceInformationList: [
          {
            InstanceId: "i-1",
            PingStatus: "Online",
            LastPingDateTime: END,
            AgentVersion: "3.3.2746.0",
            PlatformName: "Amazon Linux",
            PlatformVersion: "2023",
            IPAddress: "10.0.0.1",
          },
        ],
        NextToken: "more",
      })
      .resolvesOnce({
        InstanceInformationList: [{ InstanceId: "mi-2", PingStatus: "ConnectionLost" }, {}],
        NextToken: "",
      });
    expect(await createSsmInventory(client, { key: "fleet", value: "prod" }).hosts()).toEqual([
      {
        host: "i-1",
        online: true,
        seenAt: 2_345,
        agent: "3.3.2746.0",
        platform: "Amazon Linux 2023",
        addresses: ["10.0.0.1"],
      },
      { host: "mi-2", online: false, seenAt: undefined, agent: undefined, platform: undefined, addresses: [] },
    ]);
    const filter = { Filters: [{ Key: "tag:fleet", Values: ["prod"] }], MaxResults: 50 };
    expect(mock.commandCalls(DescribeInstanceInformationCommand).map((call) => call.args[0].input)).toEqual([
      filter,
      { ...filter, NextToken: "more" },
    ]);
  });

  it("throws where it cannot be read: no host is forgotten by mistake", async () => {
    mock.on(DescribeInstanceInformationCommand).rejects(serviceError("ThrottlingException", "Rate exceeded"));
    await expect(createSsmInventory(client, { key: "k", value: "v" }).hosts()).rejects.toMatchObject({
      code: "unavailable",
    });
  });
});

describe("receipts", () => {
  const collect = (...invocations: CommandInvocation[]) => {
    mock.on(ListCommandInvocationsCommand).resolves({ CommandInvocations: invocations });
    return createSsmReceipts(client).collect("c-1");
  };
  const invocation = (more: Partial<CommandInvocation>, output = ""): CommandInvocation => ({
    InstanceId: "i-1",
    RequestedDateTime: START,
    CommandPlugins: [{ Output: output, ResponseFinishDateTime: END }],
    ...more,
  });

  it.each<{ name: string; given: CommandInvocation; expected: object }>([
    {
      name: "an answer",
      given: invocation(
        { Status: "Failed", StatusDetails: "Failed" },
        `${FAILED}\n----------ERROR-------\nfleet2ban: wait`,
      ),
      expected: { kind: "replied", host: "i-1", reply: { kind: "failed", code: "locked", message: "wait" }, at: 2_345 },
    },
    {
      name: "an answer that is none",
      given: invocation({ Status: "Success", StatusDetails: "Success" }, "hello"),
      expected: { kind: "replied", reply: { kind: "unreadable" } },
    },
    {
      name: "no answer at all",
      given: invocation({ Status: "Failed", StatusDetails: "Failed", CommandPlugins: [] }),
      expected: { kind: "replied", reply: { kind: "unreadable", message: "the host printed nothing" }, at: 1_000 },
    },
    ...["Undeliverable", "Terminated", "AccessDenied"].map((status) => ({
      name: `a command that is ${status}`,
      given: invocation({ Status: "Failed", StatusDetails: status, CommandPlugins: [] }),
      expected: { kind: "lost", host: "i-1", status, at: 1_000 },
    })),
    ...["Delivery Timed Out", "Execution Timed Out"].map((status) => ({
      name: `a command with ${status}`,
      given: invocation({ Status: "TimedOut", StatusDetails: status }),
      expected: { kind: "lost", host: "i-1", status, at: 2_345 },
    })),
    ...(["Pending", "InProgress", "Delayed"] as const).map((status) => ({
      name: `a command that is ${status}`,
      given: invocation({ Status: status }),
      expected: { kind: "pending", host: "i-1" },
    })),
  ])("say $name", async ({ given, expected }) => {
    expect(await collect(given)).toMatchObject([expected]);
  });

  it("read every page", async () => {
    mock
      .on(ListCommandInvocationsCommand)
      .resolvesOnce({ CommandInvocations: [invocation({ Status: "Pending" })], NextToken: "more" })
      .resolvesOnce({ CommandInvocations: [invocation({ InstanceId: "i-2", Status: "Pending" })] });
    expect(await createSsmReceipts(client).collect("c-1")).toHaveLength(2);
    expect(mock.commandCalls(ListCommandInvocationsCommand).map((call) => call.args[0].input)).toEqual([
      { CommandId: "c-1", Details: true, MaxResults: 50 },
      { CommandId: "c-1", Details: true, MaxResults: 50, NextToken: "more" },
    ]);
  });

  it("are fetched one by one only where the listing cut them off", async () => {
    const long = `${"x".repeat(2_600)}\n${FAILED}`;
    mock.on(GetCommandInvocationCommand).resolves({ StandardOutputContent: long });
    const given = invocation({ Status: "Failed", StatusDetails: "Failed" }, long.slice(0, 2_500));
    expect(await collect(given)).toMatchObject([{ reply: { kind: "failed", code: "locked" } }]);
    expect(mock.commandCalls(GetCommandInvocationCommand)[0]?.args[0].input).toEqual({
      CommandId: "c-1",
      InstanceId: "i-1",
    });
    mock.on(GetCommandInvocationCommand).rejects(serviceError("InvocationDoesNotExist", "forgotten"));
    expect(await collect(given)).toMatchObject([{ reply: { kind: "unreadable" } }]);
    mock.on(GetCommandInvocationCommand).rejects(serviceError("ThrottlingException", "Rate exceeded"));
    await expect(collect(given)).rejects.toMatchObject({ code: "unavailable" });
  });

  it("of a command that the service forgot are none", async () => {
    mock.on(ListCommandInvocationsCommand).rejects(serviceError("InvalidCommandId", "unknown"));
    expect(await createSsmReceipts(client).collect("c-1")).toEqual([]);
  });
});
