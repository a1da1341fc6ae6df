/** The stand-in is worth what it refuses: what the service or the agent would not do, it does not do either. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SendCommandCommand, type SendCommandCommandInput } from "@aws-sdk/client-ssm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSsmReceipts } from "../../../../shared/adapters/aws/ssm/receipts.ts";
import { hostDocument } from "../../../../shared/contract/host-document.ts";
import { createNetwork, type Network } from "../../../support/netns.ts";
import { available } from "../../../support/require.ts";
import { createSsmStandIn, type SsmStandIn } from "../../../support/ssm-agent.ts";
import { TAG } from "./fleet-rig.ts";

describe.skipIf(!available(["ip"], { root: true }))("the stand-in for SSM", { timeout: 60_000 }, () => {
  let net: Network;
  let folder: string;
  let standIn: SsmStandIn;
  beforeEach(() => {
    net = createNetwork({ clients: 0 });
    folder = mkdtempSync(join(tmpdir(), "fleet2ban-stand-in-"));
  });
  afterEach(() => {
    standIn.close();
    net.destroy();
    rmSync(folder, { recursive: true, force: true });
  });

  /** One host that runs this script, for at most so many seconds. */
  const open = (script: string, seconds = 20, agent?: string, delivery?: () => number) => {
    const document = hostDocument({ text: `#!/bin/sh\n${script}\n`, version: "test" });
    const content = JSON.stringify(document).replace(/"timeoutSeconds":"\d+"/, `"timeoutSeconds":"${seconds}"`);
    const host = { id: "i-1", namespace: net.host, env: { FOLDER: folder }, ...(agent === undefined ? {} : { agent }) };
    const how = delivery === undefined ? {} : { delivery };
    standIn = createSsmStandIn({ document: { name: "doc", content }, tag: TAG, hosts: [host], ...how });
  };
  const send = async (more: Partial<SendCommandCommandInput> = {}) => {
    const answer = await standIn.client.send(
      new SendCommandCommand({
        DocumentName: "doc",
        InstanceIds: ["i-1"],
        Parameters: { Mode: ["apply"], Changes: ["b 192.0.2.1 0 1\n"], Deadline: ["1"] },
        ...more,
      }),
    );
    return answer.Command?.CommandId ?? "";
  };
  const answers = async (command: string) => {
    await standIn.idle();
    return createSsmReceipts(standIn.client).collect(command);
  };

  it.each<[string, Partial<SendCommandCommandInput>, string]>([
    ["a mode that is not allowed", { Parameters: { Mode: ["$(id)"], Deadline: ["1"] } }, "InvalidParameters"],
    [
      "a shell in the changes",
      { Parameters: { Mode: ["apply"], Changes: ["`id`"], Deadline: ["1"] } },
      "InvalidParameters",
    ],
    ["a missing parameter", { Parameters: { Mode: ["apply"] } }, "InvalidParameters"],
    [
      "a parameter nobody knows",
      { Parameters: { Mode: ["apply"], Deadline: ["1"], More: ["x"] } },
      "InvalidParameters",
    ],
    [
      "too much",
      { Parameters: { Mode: ["apply"], Deadline: ["1"], Changes: ["x".repeat(66_000)] } },
      "MaxDocumentSizeExceeded",
    ],
    ["another document", { DocumentName: "AWS-RunShellScript" }, "InvalidDocument"],
    ["another version", { DocumentVersion: "7" }, "InvalidDocumentVersion"],
    ["another content", { DocumentHash: "0" }, "InvalidDocument"],
    ["a host that is gone", { InstanceIds: ["i-1", "i-2"] }, "InvalidInstanceId"],
  ])("refuses %s", async (_, input, error) => {
    open(`touch "$FOLDER/ran"`);
    await expect(send(input)).rejects.toMatchObject({ name: error });
    await standIn.idle();
    expect(existsSync(join(folder, "ran"))).toBe(false);
  });

  it.each([
    { agent: "3.3.2746.0", printed: "SSM_Changes=b 192.0.2.1 0 1 SSM_Deadline=1 SSM_Mode=apply" },
    { agent: "3.3.2745.0", printed: "" },
  ])("passes variables as agent $agent does", async ({ agent, printed }) => {
    open('env | grep ^SSM_ | sort >"$FOLDER/seen"; exit 3', 20, agent);
    const [answer] = await answers(await send());
    expect(answer).toMatchObject({ kind: "replied", reply: { kind: "unreadable" } });
    expect(
      net.host
        .must(["cat", join(folder, "seen")])
        .trim()
        .split(/\s+/)
        .join(" "),
    ).toBe(printed);
  });

  it("ends what takes too long", async () => {
    open("sleep 30", 1);
    expect(await answers(await send())).toMatchObject([{ kind: "lost", status: "Execution Timed Out" }]);
  });

  it("has a command at its host when its way there is over, whatever was sent after it", async () => {
    const ways = [1_500, 1];
    open('echo "$SSM_Changes" >>"$FOLDER/order"', 20, undefined, () => ways.shift() ?? 0);
    for (const id of ["192.0.2.1", "192.0.2.2", "192.0.2.3"]) {
      await send({ Parameters: { Mode: ["apply"], Changes: [`b ${id} 0 1\n`], Deadline: ["1"] } });
    }
    await standIn.idle();
    const order = net.host.must(["cat", join(folder, "order")]).match(/192\S+/g);
    expect(order).toHaveLength(3);
    expect(order?.at(-1)).toBe("192.0.2.1");
  });

  it("lets the time of a command on its way run out", async () => {
    open('touch "$FOLDER/ran"', 20, undefined, () => 100);
    const command = await send();
    standIn.expire("i-1");
    expect(await answers(command)).toMatchObject([{ kind: "lost", status: "Delivery Timed Out" }]);
    expect(existsSync(join(folder, "ran"))).toBe(false);
  });

  it("runs five at once, and no more", async () => {
    const count = '"$FOLDER"/run-* 2>/dev/null | wc -l';
    open(`touch "$FOLDER/run-$$"; sleep 0.3; ls ${count} >>"$FOLDER/counts"; rm "$FOLDER/run-$$"`);
    for (let i = 0; i < 12; i++) await send();
    await standIn.idle();
    const counts = net.host
      .must(["cat", join(folder, "counts")])
      .trim()
      .split("\n")
      .map(Number);
    expect(counts).toHaveLength(12);
    expect(Math.max(...counts)).toBeGreaterThan(1);
    expect(Math.max(...counts)).toBeLessThanOrEqual(5);
  });
});
