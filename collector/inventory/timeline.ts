/** Something that happened to a machine. */
export interface TimelineEvent {
  readonly ip: string;
  /** Milliseconds since 1970, by our clock. */
  readonly atMs: number;
  /** `rebuilt`, `silent`, `container-died` … */
  readonly kind: string;
  readonly detail: Readonly<Record<string, string>>;
}

export interface TimelineRange {
  readonly fromMs: number;
  readonly toMs: number;
  readonly limit: number;
}

/** What happened to every machine, in order; see store/events.ts. */
export interface Timeline {
  /** Durable when it resolves; it does not reject: one that cannot be written is kept and tried again. */
  add(event: TimelineEvent): Promise<void>;
  /** The latest of the range, oldest first. */
  list(ip: string, range: TimelineRange): readonly TimelineEvent[];
}
