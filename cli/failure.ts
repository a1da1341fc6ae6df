/**
 * Errors that a person can do something about: one sentence, the next step, and the exit code. Anything else that is
 * thrown is a defect of ours and is printed as one.
 *
 * Exit codes: 0 done; 255 refused or failed, as Fail2Ban's tools exit; 2 wrong usage, so that a typing mistake in a
 * script differs from a refusal.
 */
export const EXIT_DONE = 0;
export const EXIT_USAGE = 2;
export const EXIT_REFUSED = 255;

export class CliFailure extends Error {
  readonly exitCode: number;
  readonly next: string | undefined;

  constructor(message: string, options: { exitCode?: number; next?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.exitCode = options.exitCode ?? EXIT_REFUSED;
    this.next = options.next;
  }
}

/** The text of any thrown value, for the end of a sentence. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
