/** The fleet as SSM sees it: instances with the fleet's tag whose agent was ever heard of. */
import { DescribeInstanceInformationCommand, type InstanceInformation, type SSMClient } from "@aws-sdk/client-ssm";
import type { FleetHost, Inventory } from "../../../ports/inventory.ts";
import { calling } from "../errors.ts";
import type { FleetTag } from "./fleet.ts";

/** The most that a page holds. */
const PAGE = 50;

export function createSsmInventory(client: SSMClient, { key, value }: FleetTag): Inventory {
  return {
    async hosts() {
      const hosts: FleetHost[] = [];
      let token: string | undefined;
      do {
        const input = {
          Filters: [{ Key: `tag:${key}`, Values: [value] }],
          MaxResults: PAGE,
          ...(token === undefined ? {} : { NextToken: token }),
        };
        const page = await calling({ operation: "DescribeInstanceInformation", on: `tag ${key}=${value}` }, () =>
          client.send(new DescribeInstanceInformationCommand(input)),
        );
        hosts.push(...(page.InstanceInformationList ?? []).flatMap((instance) => hostOf(instance) ?? []));
        token = page.NextToken === "" ? undefined : page.NextToken;
      } while (token !== undefined);
      return hosts;
    },
  };
}

function hostOf(instance: InstanceInformation): FleetHost | undefined {
  const { InstanceId, PingStatus, LastPingDateTime, AgentVersion, PlatformName, PlatformVersion, IPAddress } = instance;
  if (InstanceId === undefined) return undefined;
  const platform = [PlatformName, PlatformVersion].filter((part) => part !== undefined && part !== "").join(" ");
  return {
    host: InstanceId,
    online: PingStatus === "Online",
    seenAt: LastPingDateTime?.getTime(),
    agent: AgentVersion === "" ? undefined : AgentVersion,
    platform: platform === "" ? undefined : platform,
    addresses: IPAddress === undefined || IPAddress === "" ? [] : [IPAddress],
  };
}
