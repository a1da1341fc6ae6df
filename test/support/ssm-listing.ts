/** Commands and hosts in the shapes in which Systems Manager lists them: in pages, with outputs cut off. */
import type { CommandInvocation } from "@aws-sdk/client-ssm";
import { OLDEST_AGENT } from "../../shared/contract/host-document.ts";
import type { Job, Machine } from "./ssm-execution.ts";

const LISTED_OUTPUT = 2_500;

export function invocationOf(job: Job): CommandInvocation {
  if (job.state === "waiting" && Date.now() > job.deliverBy) {
    Object.assign(job, { state: "over", status: "TimedOut", details: "Delivery Timed Out" });
  }
  const error = job.stderr === "" ? "" : `\n----------ERROR-------\n${job.stderr}`;
  const finished = job.finishedAt === undefined ? {} : { ResponseFinishDateTime: new Date(job.finishedAt) };
  return {
    CommandId: job.command,
    InstanceId: job.host,
    RequestedDateTime: new Date(job.requestedAt),
    Status: job.status as NonNullable<CommandInvocation["Status"]>,
    StatusDetails: job.details,
    CommandPlugins: [
      {
        Name: "fleet2ban",
        ResponseCode: job.code,
        Output: `${job.stdout}${error}`.slice(0, LISTED_OUTPUT),
        ...finished,
      },
    ],
  };
}

export function instanceOf({ id, online, seenAt, agent = OLDEST_AGENT }: Machine) {
  return {
    InstanceId: id,
    PingStatus: online ? "Online" : "ConnectionLost",
    LastPingDateTime: new Date(seenAt),
    AgentVersion: agent,
    PlatformName: "Debian GNU/Linux",
    PlatformVersion: "12",
    IPAddress: "10.77.1.1",
  };
}

export function pageOf<T>(
  items: readonly T[],
  { MaxResults = 10, NextToken }: { MaxResults?: number | undefined; NextToken?: string | undefined },
) {
  const from = Number(NextToken ?? 0);
  const to = from + MaxResults;
  return { items: items.slice(from, to), token: to < items.length ? String(to) : undefined };
}
