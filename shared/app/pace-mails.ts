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

/** Waits for the slot of a mail. Throws PortError "unavailable" where it comes too late. */
export async function slotForMail(box: string, deps: MailPaceDeps): Promise<void> {
  await pause(await deps.pace.reserve(`mail to ${box}`, MAIL_GAP, deps.now()), "mail", box, deps);
}

/**
 * Waits until this box may have a digest. First one reader a minute is let through, then that one takes its slot: if all
 * of them queued for slots, those who give up would leave theirs empty, and the queue would outgrow the storm. Throws
 * PortError "unavailable" where the slot comes too late.
 */
export async function turnForDigest(box: string, deps: MailPaceDeps): Promise<void> {
  const { pace, now } = deps;
  for (;;) {
    const minute = Math.floor(now() / DIGEST_GAP);
    const taken = await pace.reserve(`digest of ${box} in minute ${minute}`, 2 * DIGEST_GAP, now());
    if (taken === 0) break;
    await pause((minute + 1) * DIGEST_GAP - now(), "digest", box, deps);
  }
  await pause(await pace.reserve(`digest of ${box}`, DIGEST_GAP, now()), "digest", box, deps);
}

async function pause(duration: number, what: string, box: string, { wait, longest }: MailPaceDeps): Promise<void> {
  // A slot that is free is taken even where time is short: it was reserved by now.
  if (duration <= 0) return;
  if (duration > longest()) {
    const message = `the next slot for a ${what} to ${box} is ${Math.ceil(duration / 1000)} s away`;
    throw new PortError("unavailable", message, "Deliver the changes again; the mails before them go first.");
  }
  await wait(duration);
}
