/** Calls for a person, now: a breaker that stopped a jail, a fleet that answers no more. Mail about bans goes another way. */

export interface Alarm {
  /** `subject` is one short line, `text` what happened and what to do. Throws a PortError where nobody could be called. */
  raise(alarm: { readonly subject: string; readonly text: string }): Promise<void>;
}
