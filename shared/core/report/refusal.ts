/** Why a command was refused, and the words for it: Fail2Ban's own where it has them. */
import { formatProblem, type Problem } from "../config/problem.ts";
import { pythonRepr } from "./python-text.ts";

export type Refusal =
  | { readonly kind: "no-such-jail"; readonly jail: string }
  | { readonly kind: "not-banned"; readonly ids: readonly string[] }
  | { readonly kind: "not-ignored"; readonly jail: string; readonly entries: readonly string[] }
  | { readonly kind: "no-address"; readonly texts: readonly string[] }
  | { readonly kind: "never-ban"; readonly ids: readonly string[] }
  | { readonly kind: "no-such-option"; readonly option: string; readonly known: readonly string[] }
  | { readonly kind: "invalid-command"; readonly command: string }
  | { readonly kind: "bad-configuration"; readonly problems: readonly Problem[] }
  /** The daemon gave no answer; `code` tells a program why, `reason` a person. */
  | {
      readonly kind: "unreachable";
      readonly socket: string;
      readonly code: string;
      readonly reason: string;
      readonly next?: string;
    }
  /** AWS, or the deployed stack, did not do it; `code` tells a program why. */
  | {
      readonly kind: "stack";
      readonly stack: string;
      readonly code: string;
      readonly reason: string;
      readonly next: string;
    }
  | { readonly kind: "failed"; readonly reason: string; readonly next?: string };

/** One sentence for people, and where there is one, the next step. */
export function formatRefusal(refusal: Refusal): string {
  switch (refusal.kind) {
    case "no-such-jail":
      return `Sorry but the jail '${refusal.jail}' does not exist`;
    case "not-banned":
      return `not banned: ${pythonRepr(refusal.ids)}`;
    case "not-ignored":
      return `not in the ignore list of jail '${refusal.jail}': ${pythonRepr(refusal.entries)}`;
    case "no-address":
      return `neither an address nor a network: ${pythonRepr(refusal.texts)}`;
    case "never-ban":
      return `no jail may ban these: ${pythonRepr(refusal.ids)}`;
    case "no-such-option":
      return `Invalid command (no option '${refusal.option}'; there are: ${refusal.known.join(", ")})`;
    case "invalid-command":
      return "Invalid command";
    case "bad-configuration":
      return ["The new configuration is refused, the old one goes on:", ...refusal.problems.map(formatProblem)].join(
        "\n",
      );
    case "unreachable":
    case "stack":
    case "failed":
      return refusal.next === undefined ? refusal.reason : `${refusal.reason}\n    ${refusal.next}`;
  }
}
