/** The way of the log lines: from the files of each host, by an agent for each, into the log groups that the deployment reads. */
import { appendFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Cloud } from "./cloud.ts";
import type { Clockwork } from "./delays.ts";
import { startLogAgent } from "./log-agent.ts";
import { type LogGroup, openLogGroup } from "./log-group.ts";
import { STACK } from "./services.ts";
import { type Story, summarise } from "./story.ts";

export interface Lines {
  /** Of all hosts and log groups. */
  readonly collected: number;
  /** Those that the subscriptions' patterns kept from the functions. */
  readonly heldBack: number;
}

export interface Logs {
  /** The files that a host's rsyslog is to write, in a folder. */
  filesIn(folder: string): readonly string[];
  /** Starts the agents of an instance that has its files there; returns what ends them. */
  collect(instance: string, folder: string): () => Promise<unknown>;
  lines(): Lines;
  close(): void;
}

export interface LogsOptions {
  readonly cloud: Cloud;
  readonly clockwork: Clockwork;
  readonly story: Story;
  /** A file for the lines of HAProxy. */
  readonly record?: string | undefined;
}

/** What Fail2Ban reads, and what is recorded. */
export const LOG_FILE = "haproxy.log";

export function openLogs({ cloud, clockwork, story, record }: LogsOptions): Logs {
  const shipped: Parameters<typeof openLogGroup>[0]["shipped"] = (stream, lines, heldBack) => {
    const summary = summarise(lines);
    const more = heldBack === 0 ? "" : `, ${heldBack} held back`;
    if (summary !== undefined) story.tell(stream.replace("i-", ""), `ships ${summary}${more}`);
  };
  const lost = (lines: number) => story.tell("cloud", `ingest failed three times: ${lines} lines are given up`, "loud");
  const groups = cloud.logGroups.map(({ name, pattern, file }, nth): { group: LogGroup; file: string } => {
    const phrases = pattern.split('?"').length - 1;
    story.tell("logs", `${name}: ${pattern === "" ? "every line" : `lines with one of ${phrases} phrases`} for ingest`);
    const how = { pattern, filterName: STACK, number: nth + 1, clockwork, deliver: cloud.ingest, shipped, lost };
    return { group: openLogGroup({ name, ...how }), file: basename(file) };
  });
  const sum = (key: keyof Lines) => groups.reduce((total, { group }) => total + group.counts[key], 0);
  const keep = (line: string) => {
    if (record !== undefined) appendFileSync(record, `${line}\n`);
  };
  return {
    filesIn: (folder) => groups.map(({ file }) => join(folder, file)),
    collect(instance, folder) {
      const agents = groups.map(({ group, file }) =>
        startLogAgent({
          path: join(folder, file),
          flush: () => clockwork.now().flush,
          put: (events) => group.put(instance, events),
          hear: file === LOG_FILE ? keep : undefined,
        }),
      );
      return () => Promise.all(agents.map((agent) => agent.close()));
    },
    lines: () => ({ collected: sum("collected"), heldBack: sum("heldBack") }),
    close() {
      for (const { group } of groups) group.close();
    },
  };
}
