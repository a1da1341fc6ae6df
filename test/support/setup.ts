/** Before every test file: fast-check draws from the seed of the run, and prints it where a property fails. */
import fc from "fast-check";
import { SEED } from "./seed.ts";

fc.configureGlobal({ seed: SEED });
// What the SDK will need in 2027 is said once, in package.json, and not by every test.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
