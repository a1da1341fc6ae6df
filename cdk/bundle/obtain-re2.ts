/**
 * Run as a program: gets re2's addon for the architecture named on the command line and prints its path.
 *
 * CDK's constructs cannot wait for anything but a child process, and this is that child.
 */
import { obtainRe2 } from "./re2-binary.ts";
import type { Architecture } from "./target-runtime.ts";

const [architecture] = process.argv.slice(2);
if (architecture !== "arm64" && architecture !== "x64") throw new Error(`no architecture: ${architecture}`);
try {
  console.log(await obtainRe2(architecture satisfies Architecture));
} catch (error) {
  // Stops the deployment; the message has every way that was tried, and a stack trace would bury it.
  console.error(`fleet2ban: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
