/** Before every test file: fast-check draws from the seed of the run, and prints it where a property fails. */
import fc from "fast-check";
import { SEED } from "./seed.ts";

fc.configureGlobal({ seed: SEED });
