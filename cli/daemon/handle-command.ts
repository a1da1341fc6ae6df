/** What a client asked of the daemon, done: about the daemon itself here, about bans by what stacks answer with too. Call it in a turn of its own. */
import type { LocalState } from "../../shared/adapters/local/state/local-state.ts";
import type { JailConfig } from "../../shared/core/config/model.ts";
import type { Answer } from "../../shared/core/report/answer.ts";
import type { Refusal } from "../../shared/core/report/refusal.ts";
import { answerRequest } from "../answer/answer-request.ts";
import type { Engine } from "../engine/engine.ts";
import type { DaemonRequest } from "./request.ts";

export interface CommandDeps {
  readonly version: string;
  /** Epoch ms. */
  readonly now: () => number;
  readonly engine: Engine;
  readonly state: LocalState;
  /** The log files that a jail reads now. */
  readonly files: (jail: JailConfig) => readonly string[];
  /** Acts on what a command changed, so that it holds when the answer comes. */
  readonly act: () => Promise<void>;
  /** Reads the configuration again; what is wrong with it, or undefined. */
  readonly reload: () => Promise<Refusal | undefined>;
  /** Begins the end of the daemon, after the answer. */
  readonly stop: () => void;
}

export async function handleCommand(request: DaemonRequest, deps: CommandDeps): Promise<Answer> {
  const { engine, state, now, act } = deps;
  switch (request.kind) {
    case "ping":
      return { kind: "pong" };
    case "version":
      return { kind: "version", version: deps.version };
    case "reload": {
      const refusal = await deps.reload();
      return refusal === undefined
        ? { kind: "reloaded", jails: [...engine.ruleset().rules.keys()] }
        : { kind: "refused", refusal };
    }
    case "stop":
      deps.stop();
      return { kind: "stopping" };
    default:
      // What else there is, is everybody's; answerRequest has a case for each.
      return answerRequest(request, {
        ...engine.deps(),
        ...{ control: state.control, now, act },
        batch: (work) => state.batch(work),
        sources: deps.files,
      });
  }
}
