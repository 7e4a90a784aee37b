/** Who speaks under an address: what tells an old container from its successor. */
export interface Epoch {
  /** The permanent id of who holds the address; the address may be another's one day. */
  readonly owner: string | undefined;
  /** Grows each time the address is given out. */
  readonly generation: number | undefined;
  readonly container: string | undefined;
  readonly image: string | undefined;
  readonly host: string | undefined;
}

export interface Ended {
  readonly atMs: number;
  readonly why: string;
}

/** One container's time as the machine. Times are milliseconds since 1970, by our clock. */
export interface Generation extends Omit<Epoch, "owner"> {
  readonly startedMs: number;
  readonly ended?: Ended;
}

/** All that is kept of one machine: the holder of an address from when it got it until another one did. */
export interface History {
  readonly id: number;
  readonly ip: string;
  readonly owner: string | undefined;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  /** The present one is the last; empty where nobody says who they are. */
  readonly generations: readonly Generation[];
  readonly ended?: Ended;
}

/** One that is rebuilt more often than this has its first ones forgotten. */
const MAX_GENERATIONS = 500;

/** The record with `epoch` as its present generation, the one before ended. */
export function withGeneration(history: History, epoch: Epoch, nowMs: number, why: string): History {
  const { owner, ...rest } = epoch;
  const former = history.generations.map((one, index, all) =>
    index === all.length - 1 && one.ended === undefined ? { ...one, ended: { atMs: nowMs, why } } : one,
  );
  return {
    ...history,
    owner: history.owner ?? owner,
    generations: [...former, { ...rest, startedMs: nowMs }].slice(-MAX_GENERATIONS),
  };
}

export function withEnd(history: History, nowMs: number, why: string): History {
  const generations = history.generations.map((one) =>
    one.ended === undefined ? { ...one, ended: { atMs: nowMs, why } } : one,
  );
  return { ...history, generations, ended: { atMs: nowMs, why } };
}

export function withSighting(history: History, nowMs: number): History {
  return { ...history, lastSeenMs: nowMs };
}
