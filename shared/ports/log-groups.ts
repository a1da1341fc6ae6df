/** Log groups as a person looks at them: what they are, who is subscribed to them, and the lines in them. */

export interface LogGroupFacts {
  readonly name: string;
  /** STANDARD, INFREQUENT_ACCESS or DELIVERY: only the first has subscriptions. */
  readonly class: string;
  /** Days; undefined = for ever. */
  readonly retention: number | undefined;
  /** A transformer of the log group's own rewrites events at ingestion. */
  readonly transformed: boolean;
}

export interface Subscription {
  readonly name: string;
  /** ARN of what receives the events. */
  readonly destination: string;
  /** "" = every event. */
  readonly pattern: string;
  /** The subscription sees events as a transformer left them. */
  readonly transformed: boolean;
}

/** One event of a log group. */
export interface GroupLine {
  readonly id: string;
  /** The log stream: by the agent's default the instance id. */
  readonly stream: string;
  /** Epoch ms. */
  readonly at: number;
  readonly text: string;
}

/** Epoch ms, both ends included. */
export interface Span {
  readonly since: number;
  readonly until: number;
}

export interface LogGroups {
  /** Undefined = there is no log group of exactly this name. */
  find(name: string): Promise<LogGroupFacts | undefined>;
  /** At most two: the service's limit. */
  subscriptions(name: string): Promise<readonly Subscription[]>;
  /** Which of the messages a filter pattern lets through. Throws PortError "rejected" for a pattern that is none. */
  sift(pattern: string, messages: readonly string[]): Promise<readonly boolean[]>;
  /** The events of a span, in the order of their times, in pages; every event once. An empty page is a sign of life. */
  read(name: string, span: Span): AsyncIterable<readonly GroupLine[]>;
}
