/** Slots for mails, shared by every reader of the stream: one mail a second for a box, one digest a minute. */
import { PortError } from "../ports/failure.ts";
import type { Pace } from "../ports/pace.ts";

export interface MailPaceDeps {
  readonly pace: Pace;
  /** Epoch ms. */
  readonly now: () => number;
  /** Waits for so many ms. */
  readonly wait: (duration: number) => Promise<void>;
  /** How long one may wait at all, ms: what the process has left to live, less what sending takes. */
  readonly longest: () => number;
}

/** Between two mails to one box, ms: a tenth of what the service bears. */
export const MAIL_GAP = 1_000;
/** Between two digests to one box, ms. */
export const DIGEST_GAP = 60_000;

/** Who finds no slot within its time looks again after so long, ms: another's may have come free, and time passes. */
const LOOK_AGAIN = 15_000;

/** Waits for the slot of a mail. Throws PortError "unavailable" where it comes too late. */
export async function slotForMail(box: string, deps: MailPaceDeps): Promise<void> {
  const { pace, now, longest } = deps;
  for (;;) {
    // A slot that is free is taken even where time is short.
    const patience = Math.max(0, longest());
    const duration = await pace.reserve(`mail to ${box}`, MAIL_GAP, now(), patience);
    if (duration > patience) await lookAgain("mail", box, duration, deps);
    else return duration > 0 ? deps.wait(duration) : undefined;
  }
}

/**
 * Waits until this box may have a digest, and a mail at all. The digest's slot is taken last and only if it is free: what
 * were taken first and then waited for a mail's slot would go later than its slot says, and the next one too soon after.
 * Throws PortError "unavailable" where that is too late.
 */
export async function slotForDigest(box: string, deps: MailPaceDeps): Promise<void> {
  for (;;) {
    await slotForMail(box, deps);
    const duration = await deps.pace.reserve(`digest to ${box}`, DIGEST_GAP, deps.now(), 0);
    if (duration === 0) return;
    if (duration > deps.longest()) await lookAgain("digest", box, duration, deps);
    else await deps.wait(duration);
  }
}

/** Not given up at once: the batch would come back at once, and use up its retries. */
async function lookAgain(what: string, box: string, duration: number, { wait, longest }: MailPaceDeps): Promise<void> {
  if (longest() >= LOOK_AGAIN) return wait(LOOK_AGAIN);
  const message = `the next slot for a ${what} to ${box} is ${Math.ceil(duration / 1000)} s away`;
  throw new PortError("unavailable", message, "Deliver the changes again; the mails before them go first.");
}
