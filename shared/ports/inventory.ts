/** Which hosts the fleet has, as the service that reaches them sees it. */

export interface FleetHost {
  /** Instance id. */
  readonly host: string;
  /** Whether commands reach it now. */
  readonly online: boolean;
  /** When it was last heard of, epoch ms. */
  readonly seenAt: number | undefined;
  /** Version of its agent, "3.3.2746.0". */
  readonly agent: string | undefined;
  /** "Amazon Linux 2023", for people. */
  readonly platform: string | undefined;
  /** Its own addresses, as text: never banned. */
  readonly addresses: readonly string[];
}

export interface Inventory {
  /** Every host that carries the fleet's tag and has an agent that was ever heard of. */
  hosts(): Promise<readonly FleetHost[]>;
}
