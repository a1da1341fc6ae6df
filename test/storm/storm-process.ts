/** A process of storms: FROM, COUNT and STEP on its command line; one JSON report a line on standard output. */
import { writeSync } from "node:fs";
import { runStorm } from "./storm.ts";

// A storm throws thousands of errors; to write down where each came from would be a third of its time.
Error.stackTraceLimit = 0;

const [from, count, step] = process.argv.slice(2).map(Number) as [number, number, number];
for (let nth = 0; nth < count; nth += step) writeSync(1, `${JSON.stringify(await runStorm(from + nth))}\n`);
// Whoever ended in a story still waits for its world, which has stopped.
process.exit();
