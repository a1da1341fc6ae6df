/** Rows that somebody wrote who is not us: what they held is given up and told, so that they stop nobody's work. */
import { PortError } from "../../../ports/failure.ts";

/** Hears of each, with "state-corrupt" and what happens now. */
export type Unreadable = (error: PortError) => void;

/** What `read` gives, or `otherwise` where it throws "state-corrupt". */
export function orElse<T>(read: () => T, otherwise: T, unreadable: Unreadable): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof PortError && error.code === "state-corrupt")) throw error;
    // Direction: what is safe without the row is said where it is read.
    unreadable(error);
    return otherwise;
  }
}
