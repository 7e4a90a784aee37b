/** What machines may have of a host in sum, or one machine has. */
export interface Room {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
}

/**
 * ready: its daemon reports · draining: it keeps what it has, and gets no more · lost: its daemon does not
 * report; its machines stay its own · fenced: an operator has said that it is off, and it starts nothing.
 */
export type HostState = "ready" | "draining" | "lost" | "fenced";

/** What a host says of itself. */
export interface HostFacts {
  readonly name: string;
  /** Where an operator finds it. */
  readonly address: string;
  readonly capacity: Room;
  /** Its CPUs, as in cpuset.cpus. */
  readonly online: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly version: string;
}

/** A host as the fleet sees it. */
export interface FleetHost extends HostFacts {
  readonly state: HostState;
  /** Reported last, by its own wall clock; undefined while it does not report. */
  readonly seenMs?: number | undefined;
  /** Of the machines that ran then. */
  readonly running: ReadonlySet<string>;
  readonly images: readonly string[];
  /** Promised to machines, those that are on their way included. */
  readonly used: Room;
  readonly machines: number;
}
