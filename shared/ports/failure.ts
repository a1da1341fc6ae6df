/** What can go wrong behind a port, as a closed set of codes; adapters translate their own errors into it. */

export type PortErrorCode =
  /** Another process has the state open. */
  | "state-locked"
  /** The stored state cannot be read. */
  | "state-corrupt"
  /** The state was written by a version of the program that this one does not know. */
  | "state-version"
  /** The place of the state cannot be used: missing permission, no space, not a folder. */
  | "state-unusable"
  /** A row kept changing under us; come again. */
  | "too-busy"
  /** DNS gave no answer about a name on an allowlist, so nobody may be banned yet. */
  | "allowlist-unknown"
  /** The service asks to slow down, or is not there; the same again may do. */
  | "unavailable"
  /** The caller may not do this, or its credentials are over. */
  | "denied"
  /** A table, document, topic or log group is not there. */
  | "missing"
  /** The service says that the request is wrong: a defect of ours, or of the deployment. */
  | "rejected";

/** Carries what was asked (in the message), and what to do next; the cause is kept. */
export class PortError extends Error {
  readonly code: PortErrorCode;
  /** What to do, as an instruction. */
  readonly next: string;

  constructor(code: PortErrorCode, message: string, next: string, cause?: unknown) {
    super(message, { cause });
    this.name = "PortError";
    this.code = code;
    this.next = next;
  }
}
