/**
 * The life of the daemon as signals: SIGTERM and SIGINT end it cleanly, a second one at once; SIGHUP reads the
 * configuration again. Reloads never overlap, and one that was asked for during another is not forgotten.
 */

export interface Lifecycle {
  /** Ends cleanly; called once. */
  stop(signal: NodeJS.Signals): void;
  /** Reads the configuration again; what it throws goes to `failed`, and the old configuration stays. */
  reload(): Promise<void>;
  failed(error: unknown): void;
  /** The user insists: ends now, with this exit status. */
  abort(status: number): void;
}

/** The part of `process` that signals come from. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
}

/** As a shell reports a process that a signal has ended. */
const STATUS: Partial<Record<NodeJS.Signals, number>> = { SIGINT: 130, SIGTERM: 143 };

/** Listens until the returned function is called; then the process's own behaviour is back. */
export function listenToSignals(lifecycle: Lifecycle, source: SignalSource = process): () => void {
  let isStopping = false;
  let isReloading = false;
  let isAskedAgain = false;

  const stop = (signal: NodeJS.Signals) => {
    if (isStopping) return lifecycle.abort(STATUS[signal] ?? 1);
    isStopping = true;
    lifecycle.stop(signal);
  };
  const reload = async () => {
    isAskedAgain = true;
    if (isReloading) return;
    isReloading = true;
    while (isAskedAgain && !isStopping) {
      isAskedAgain = false;
      try {
        await lifecycle.reload();
      } catch (error) {
        // A mistake in the configuration must not end the protection that is running.
        lifecycle.failed(error);
      }
    }
    isReloading = false;
  };
  const hangUp = () => void reload();

  source.on("SIGTERM", stop);
  source.on("SIGINT", stop);
  source.on("SIGHUP", hangUp);
  return () => {
    source.off("SIGTERM", stop);
    source.off("SIGINT", stop);
    source.off("SIGHUP", hangUp);
  };
}
