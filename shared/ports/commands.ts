/** Commands on their way to hosts, kept until every receipt is in. */

export interface OpenCommand {
  /** The service's command id. */
  readonly id: string;
  /** Epoch ms. */
  readonly sentAt: number;
  readonly mode: "apply" | "reconcile" | "status" | "clear";
  /** Which hosts; undefined = the whole fleet. */
  readonly hosts: readonly string[] | undefined;
  /** How many changes it carries. */
  readonly changes: number;
}

export interface Commands {
  /** Notes a command; noting it again changes nothing. */
  open(command: OpenCommand): Promise<void>;
  /** Oldest first. */
  opened(): Promise<readonly OpenCommand[]>;
  /** Every receipt is in, or none is to be expected any more. */
  close(id: string): Promise<void>;
}
