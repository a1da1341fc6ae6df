/** Who is told what is published to a topic. */

export interface Subscriber {
  /** "email", "sqs", "https" … */
  readonly protocol: string;
  /** Address, URL or ARN. */
  readonly endpoint: string;
  /** An address that was not confirmed gets nothing. */
  readonly confirmed: boolean;
}

export interface Subscribers {
  /** Throws PortError "missing" where there is no such topic. */
  of(topic: string): Promise<readonly Subscriber[]>;
}
