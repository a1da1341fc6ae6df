/** Our compiler against Fail2Ban's client on the whole of Debian's /etc/fail2ban. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readConfigFiles } from "../../../shared/adapters/local/config-files.ts";
import type { CompiledConfiguration } from "../../../shared/core/config/compile-configuration.ts";
import { compileConfiguration } from "../../../shared/core/config/compile-configuration.ts";
import type { DumpCommand } from "../../../shared/core/config/dump-configuration.ts";
import { dumpConfiguration, formatDump } from "../../../shared/core/config/dump-configuration.ts";
import { available } from "../../support/require.ts";
import { clientDump } from "./oracle.ts";

const INSTALLED = "/etc/fail2ban";

/** Which log files exist is a matter of the host. */
const withoutLogs = (commands: readonly DumpCommand[]) => commands.filter((command) => command[2] !== "addlogpath");

describe.skipIf(!available(["fail2ban-client", "python3"]))("Debian's /etc/fail2ban with every jail enabled", () => {
  let names: string[];
  let compiled: CompiledConfiguration;
  let ours: DumpCommand[];
  let theirs: DumpCommand[];

  beforeAll(() => {
    const directory = mkdtempSync(join(tmpdir(), "fleet2ban-stock-"));
    cpSync(INSTALLED, directory, { recursive: true });
    const sections = readFileSync(join(directory, "jail.conf"), "utf8").matchAll(/^\[([^\]]+)\]\s*$/gm);
    names = [...sections].flatMap(([, name]) => (["INCLUDES", "DEFAULT"].includes(name!) ? [] : [name!]));
    writeFileSync(
      join(directory, "jail.d", "zz-all.conf"),
      names.map((name) => `[${name}]\nenabled = true\n`).join(""),
    );
    compiled = compileConfiguration(readConfigFiles(directory), { configurationPath: directory });
    ours = withoutLogs(dumpConfiguration(compiled));
    theirs = withoutLogs(clientDump(directory));
    rmSync(directory, { recursive: true });
  });

  it("resolves every jail to the same commands", () => {
    const ofJail = (commands: readonly DumpCommand[], name: string) =>
      commands.filter((command) => command[1] === name);
    const agreeing = names.filter((name) => {
      const own = ofJail(ours, name);
      return own.length > 5 && JSON.stringify(own) === JSON.stringify(ofJail(theirs, name));
    });
    console.log(`${agreeing.length} of ${names.length} jails agree with fail2ban-client -d`);
    expect(names.filter((name) => !agreeing.includes(name))).toEqual([]);
    expect(names.length).toBeGreaterThan(80);
  });

  it("prints the same stream, line by line", () => expect(formatDump(ours)).toBe(formatDump(theirs)));

  it("finds nothing unknown in it, and refuses only the jail that turns its action round", () => {
    const codes = compiled.problems.map(({ code, severity, jail }) => `${severity} ${code} ${jail}`);
    expect(codes).toEqual(["warning lossy-action xinetd-fail", "error unsupported-option pass2allow-ftp"]);
    expect(compiled.jails.length).toBe(names.length - 1);
  });

  it("gives every line of every regex a place that holds a part of it", () => {
    const words = (text: string) => text.match(/[A-Za-z]{4,}/g) ?? [];
    for (const jail of compiled.jails) {
      for (const { text, place } of jail.filter.failregex) {
        expect(place.file, jail.name).toMatch(/^filter\.d\//);
        const line = readFileSync(join(INSTALLED, place.file), "utf8").split("\n")[place.line - 1]!;
        expect(line).not.toMatch(/^\s*[#;]/);
        expect(words(line).some((word) => text.includes(word)) || words(text).length === 0, `${text}\n${line}`).toBe(
          true,
        );
      }
    }
  });
});
