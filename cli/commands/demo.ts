/** `demo`: a bundled HAProxy log through the whole engine, on a virtual clock. */
import type { Command } from "commander";
import type { CommandContext } from "../command-context.ts";
import type { DemoOptions } from "../demo/run-demo.ts";
import { withCommon, withExamples } from "./common-options.ts";

export function addDemo(program: Command, context: CommandContext): void {
  const command = program
    .command("demo")
    .summary("watch the bundled jails work on a recorded HAProxy log")
    .description("feed a recorded HAProxy log to the bundled jails and watch; touches nothing on this machine")
    .option("--log <file>", "another log, instead of the bundled one")
    .option("-c, --config <dir>", "configuration laid over the bundled one (default: only the bundled one)")
    .action(async (options: DemoOptions) => {
      const { runDemo } = await import("../demo/run-demo.ts");
      return runDemo(options, context);
    });
  withExamples(withCommon(command), [
    ["demo", "the bundled log"],
    ["demo --log /var/log/haproxy.log", "what the bundled jails would have done with yours"],
  ]);
}
