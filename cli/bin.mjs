#!/usr/bin/env node
/**
 * The door to the command line, in plain JavaScript so that any Node can at least say what it lacks.
 *
 * Node 22.18 and later strip types themselves, which starts twice as fast; older ones, and an installation under
 * node_modules, where Node refuses to strip, go through tsx.
 */
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`fleet2ban needs Node 20.19 or later; this is ${process.version} (${process.execPath}).\n`);
  process.exitCode = 2;
} else {
  const stripsTypes = process.features.typescript === "strip" && !import.meta.url.includes("/node_modules/");
  if (!stripsTypes) (await import("tsx/esm/api")).register();
  const { main } = await import("./main.ts");
  process.exitCode = await main(process.argv.slice(2));
}
