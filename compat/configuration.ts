/** Every stock jail, enabled: the commands that our compiler comes to against those that Fail2Ban's own client would send. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readConfigFiles } from "../shared/adapters/local/config-files.ts";
import { compileConfiguration } from "../shared/core/config/compile-configuration.ts";
import { type DumpCommand, dumpConfiguration } from "../shared/core/config/dump-configuration.ts";
import type { Installation } from "./corpus.ts";
import type { Score } from "./evaluate.ts";

export interface JailDifference {
  readonly jail: string;
  /** The first command in which we differ; undefined where one side has no more. */
  readonly expected: string | undefined;
  readonly got: string | undefined;
}

export interface ConfigurationReport {
  readonly jails: Score;
  readonly differences: readonly JailDifference[];
}

const PROGRAM = `
import json, logging, sys, warnings
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
from fail2ban.client.configurator import Configurator
configurator = Configurator()
configurator.setBaseDir(sys.argv[1])
configurator.readAll()
configurator.getOptions()
configurator.convertToProtocol(allow_no_files=True)
json.dump(configurator.getConfigStream(), sys.stdout)
`;

/** Takes about three seconds. */
export function compareConfiguration({ tests, config }: Installation): ConfigurationReport {
  const directory = mkdtempSync(join(tmpdir(), "fleet2ban-compat-"));
  try {
    cpSync(config, directory, { recursive: true });
    const jails = sectionsOf(readFileSync(join(directory, "jail.conf"), "utf8"));
    const all = jails.map((name) => `[${name}]\nenabled = true\n`).join("");
    writeFileSync(join(directory, "jail.d", "zz-all.conf"), all);
    const packages = dirname(dirname(tests));
    const output = execFileSync("/usr/bin/python3", ["-c", PROGRAM, directory], {
      encoding: "utf8",
      maxBuffer: 1 << 26,
      cwd: "/",
      env: { ...process.env, PYTHONPATH: packages, PYTHONDONTWRITEBYTECODE: "1" },
      stdio: ["ignore", "pipe", "ignore"],
    });
    const theirs = withoutLogs(JSON.parse(output) as DumpCommand[]);
    const compiled = compileConfiguration(readConfigFiles(directory), { configurationPath: directory });
    const ours = withoutLogs(dumpConfiguration(compiled));
    const differences = jails.flatMap((jail) => difference(jail, of(ours, jail), of(theirs, jail)) ?? []);
    return { jails: { agree: jails.length - differences.length, total: jails.length }, differences };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function sectionsOf(text: string): string[] {
  return [...text.matchAll(/^\[([^\]]+)\]\s*$/gm)]
    .map(([, name]) => name!)
    .filter((name) => name !== "INCLUDES" && name !== "DEFAULT");
}

/** Which log files exist is a matter of the host. */
function withoutLogs(commands: readonly DumpCommand[]): readonly DumpCommand[] {
  return commands.filter((command) => command[2] !== "addlogpath");
}

function of(commands: readonly DumpCommand[], jail: string): string[] {
  return commands.filter((command) => command[1] === jail).map((command) => JSON.stringify(command));
}

function difference(jail: string, ours: readonly string[], theirs: readonly string[]): JailDifference | undefined {
  const length = Math.max(ours.length, theirs.length, 1);
  for (let at = 0; at < length; at++) {
    if (ours[at] !== theirs[at] || ours[at] === undefined) return { jail, expected: theirs[at], got: ours[at] };
  }
  return undefined;
}
