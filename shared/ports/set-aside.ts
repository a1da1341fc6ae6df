/** A place for what cannot be processed and must not be retried for ever, so that nothing is lost. */

export interface SetAside {
  /**
   * Keeps `body` with the reason why it was not processed and where it came from. What is too long for the place is
   * cut, and says so. Throws where it cannot be kept: then the whole delivery comes again.
   */
  put(item: { readonly source: string; readonly reason: string; readonly body: string }): Promise<void>;
}
