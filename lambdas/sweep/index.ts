/** The sweep function as the service starts it. */
import { readEnvironment, sweepEnvironment } from "../../shared/contract/environment.ts";
import { inFrame } from "../runtime/invocation.ts";
import { openFrame, openState } from "../runtime/wire.ts";
import { createHandler } from "./handler.ts";

const env = readEnvironment(sweepEnvironment, process.env);
const frame = openFrame("sweep", env.STACK_NAME);
const { bans } = openState(env, process.env, frame);

export const handler = inFrame<unknown, { readonly lifted: number }>(frame, createHandler({ bans }));
