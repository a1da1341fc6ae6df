/** haproxy-paths judges what a client asked for: names in every spelling that HAProxy logs, and only in the path. */
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { httplog, httpslog, jsonLog, toText, type Words } from "../../support/haproxy-lines.ts";
import { client, date, SITUATIONS, words } from "./arbitraries.ts";
import { judges } from "./judge.ts";

const NEVER = [
  "/.env",
  "/.git/config",
  "/.aws/credentials",
  "/../",
  "/etc/passwd",
  "/%2e%2e/",
  "/actuator/env",
  "/%65tc/",
  "/wp-config.php",
];
const MAYBE = [
  "/wp-login.php",
  "/xmlrpc.php",
  "/phpMyAdmin/",
  "/cgi-bin/x",
  "/manager/html",
  "/backup.zip",
  "/actuator",
];
const FINE = [
  "/",
  "/environment",
  "/about/.well-known/x",
  "/item?f=/.env",
  "/search?q=/wp-login.php",
  "/a%20b%C3%A9",
  "/%E4%BD%A0",
];

function outcomeOf(name: string) {
  return SITUATIONS.find((situation) => situation.name === name)!.outcome;
}
const SERVED = outcomeOf("served");
const MISSING = outcomeOf("404 of the application");

const shape = fc.constantFrom(httplog, httpslog, jsonLog);
/** Folders around the name, without what would end the path. */
const folder = words.map(({ request }) =>
  request === undefined ? "" : request.uri.replace(/[?%]|\/\.*/g, "").slice(0, 60),
);

function ask(written: Words, uri: string): Words {
  return { ...written, request: { method: "GET", uri, version: "HTTP/1.1" } };
}

describe.each(judges())("haproxy-paths, read by $name", (judge) => {
  afterAll(() => judge.close());

  it.each([
    { what: "names that no site has, answered 200", names: NEVER, outcome: SERVED, counted: true },
    { what: "names that no site has, answered 404", names: NEVER, outcome: MISSING, counted: true },
    { what: "names that some sites have, answered 404", names: MAYBE, outcome: MISSING, counted: true },
    { what: "names that some sites have, answered 200", names: MAYBE, outcome: SERVED, counted: false },
  ])("$what: counted $counted", async ({ names, outcome, counted }) => {
    const line = fc
      .tuple(shape, client, date, words, fc.constantFrom(...names), folder, folder)
      .map(([write, who, time, written, name, before, after]) =>
        toText(write(who, time, outcome, ask(written, `/${before}${name}${after}`)).text),
      );
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 10, maxLength: 10 }), async (lines) => {
        for (const [index, verdict] of (await judge.judge(lines)).entries()) {
          expect("haproxy-paths" in verdict, lines[index]).toBe(counted);
        }
      }),
      { numRuns: 40 },
    );
  });

  it.each(FINE)("leaves %s alone", async (uri) => {
    const who = { address: "192.0.2.3", printed: "192.0.2.3:5", port: 5, printedAddress: "192.0.2.3" };
    const written: Words = { request: undefined, captures: ["/.env", "GET /.git"], cookie: undefined, sni: undefined };
    const lines = [httplog, httpslog, jsonLog].map((write) =>
      toText(write(who, "22/Nov/2026:15:59:04.603", MISSING, ask(written, uri)).text),
    );
    for (const verdict of await judge.judge(lines)) expect(Object.keys(verdict)).toEqual(["haproxy-notfound"]);
  });
});
