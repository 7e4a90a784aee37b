import type { Epoch, Generation, History } from "./history-record.ts";

/** What another collector has heard of a machine itself. */
export interface Told {
  readonly ip: string;
  readonly lastSeenMs: number;
  /** Who the machine is; missing where nothing of that is new. */
  readonly about?: About | undefined;
}

export type About = Pick<History, "owner" | "firstSeenMs" | "generations" | "ended">;

/**
 * unknown  nobody has been heard of under the address
 * other    the address has passed to another machine
 * rebuilt  another container is the machine
 * ended    the address has been given up
 * same     nothing new
 * behind   they do not know yet what we know
 */
export type Hearsay = "unknown" | "other" | "rebuilt" | "ended" | "same" | "behind";

/** When anything but the last sighting was changed in a record last. */
export function changedMs({ firstSeenMs, generations, ended }: About): number {
  return Math.max(firstSeenMs, generations.at(-1)?.startedMs ?? 0, ended?.atMs ?? 0);
}

/** What somebody else's record of an address means beside our own. */
export function judgeHearsay(ours: History | undefined, theirs: About): Hearsay {
  if (ours === undefined) return "unknown";
  if (ours.ended !== undefined) {
    const isLater = theirs.ended === undefined && theirs.firstSeenMs > ours.ended.atMs;
    return isLater ? "other" : "behind";
  }
  const isSame = ours.owner === undefined || theirs.owner === undefined || ours.owner === theirs.owner;
  if (theirs.ended !== undefined) return isSame && theirs.ended.atMs >= ours.firstSeenMs ? "ended" : "behind";
  return compareGenerations(ours.generations.at(-1), theirs.generations.at(-1), isSame);
}

function compareGenerations(
  known: Generation | undefined,
  told: Generation | undefined,
  isSameOwner: boolean,
): Hearsay {
  if (told === undefined) return "same";
  if (known === undefined) return "rebuilt";
  if (isSameOwner && known.generation === told.generation && known.container === told.container)
    return "same";
  if (!isNewer(told, known)) return "behind";
  return isSameOwner ? "rebuilt" : "other";
}

/** By the numbers where both have one; else by when each was first heard of, by clocks that agree within an interval. */
function isNewer(one: Generation, other: Generation): boolean {
  if (one.generation !== undefined && other.generation !== undefined && one.generation !== other.generation)
    return one.generation > other.generation;
  return one.startedMs > other.startedMs;
}

export function epochOf({ owner }: About, { generation, container, image, host }: Generation): Epoch {
  return { owner, generation, container, image, host };
}
