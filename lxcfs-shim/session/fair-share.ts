import { BoundedMap } from "../view/bounded-map.ts";

/** What crowds may take of the serving thread while others ask, all together, over time … */
const SHARE = 1 / 2;
/** … and each at once: milliseconds of the thread. The first read of a container takes a few, for whoever it is. */
const BURST_MS = 20;
/** What it took while it was alone is soon forgotten. */
const DEBT_MAX_MS = 50;
/** So many readers of one container are no crowd: they cannot be many requests ahead of anybody. */
const FEW = 8;
/** A container that asks every ten seconds is to find the thread free. */
const NEIGHBOUR_MS = 15_000;
/** A crowd that has been quiet for so long has gone. */
const CROWD_MS = 1000;
/** No answer waits longer, however many crowds share: hosts have hundreds of containers whose scripts start a process for each read. */
const HELD_MAX_MS = 1000;
/** Answers that wait at once, in bytes; beyond, they are sent. */
const HELD_BYTES_MAX = 8 * 1024 * 1024;

const REMEMBERED_OWNERS = 4096;

/** All whose container is not known yet. */
export const STRANGERS = "";

export interface Charge {
  readonly owner: string;
  readonly pid: number;
  readonly tookMs: number;
  /** Of the answer. */
  readonly bytes: number;
  readonly nowMs: number;
}

interface Account {
  /** Milliseconds of the thread beyond the share. */
  debtMs: number;
  atMs: number;
  /** The last few that asked. */
  readonly pids: number[];
}

/**
 * The kernel hands out requests in the order they were made: a container with a thousand readers is a thousand requests
 * ahead of its neighbours, again and again. But a reader whose answer is held back makes no new request: so the
 * answers to a crowd that takes more than its share are, just as long as makes it its share.
 */
export class FairShare {
  readonly #accounts = new BoundedMap<string, Account>(REMEMBERED_OWNERS, {
    isCurrent: (_, { atMs }) => this.#latest.atMs - atMs < NEIGHBOUR_MS,
  });
  /** When each crowd last asked. */
  readonly #crowds = new Map<string, number>();
  /** The last two that asked. */
  #latest = { owner: "", atMs: Number.NEGATIVE_INFINITY };
  #before = { owner: "", atMs: Number.NEGATIVE_INFINITY };
  /** Answers that wait, about in the order in which they are due. */
  readonly #held: { readonly dueMs: number; readonly bytes: number }[] = [];
  #heldBytes = 0;

  /** Somebody was served: returns for how many milliseconds the answer is to be held back. */
  charge({ owner, pid, tookMs, bytes, nowMs }: Charge): number {
    const hasNeighbours = this.#notice(owner, nowMs);
    const account = this.#accounts.get(owner) ?? this.#open(owner, nowMs);
    if (nowMs - account.atMs > CROWD_MS) account.pids.length = 0;
    const isCrowd = !isOneOfFew(account.pids, pid);
    if (isCrowd) this.#gather(owner, nowMs);
    const share = SHARE / Math.max(1, this.#crowds.size);
    const debtMs = Math.max(0, account.debtMs - share * (nowMs - account.atMs)) + tookMs;
    account.debtMs = Math.min(debtMs, DEBT_MAX_MS);
    account.atMs = nowMs;
    const overMs = account.debtMs - BURST_MS;
    if (!isCrowd || !hasNeighbours || overMs <= 0) return 0;
    return this.#hold(bytes, nowMs, Math.min(overMs / share, HELD_MAX_MS));
  }

  /** Whether `owner` has had more than its share. */
  isOver(owner: string): boolean {
    return (this.#accounts.get(owner)?.debtMs ?? 0) > BURST_MS;
  }

  #open(owner: string, nowMs: number): Account {
    const account: Account = { debtMs: 0, atMs: nowMs, pids: [] };
    this.#accounts.set(owner, account);
    return account;
  }

  /** Remembers who asked; whether somebody else did lately. Strangers may be the same ones. */
  #notice(owner: string, nowMs: number): boolean {
    if (owner === STRANGERS) return nowMs - this.#latest.atMs < NEIGHBOUR_MS;
    if (owner !== this.#latest.owner) [this.#before, this.#latest] = [this.#latest, this.#before];
    this.#latest.owner = owner;
    this.#latest.atMs = nowMs;
    return nowMs - this.#before.atMs < NEIGHBOUR_MS;
  }

  #gather(owner: string, nowMs: number): void {
    this.#crowds.set(owner, nowMs);
    if (this.#crowds.size === 1) return;
    for (const [crowd, atMs] of this.#crowds) if (nowMs - atMs > CROWD_MS) this.#crowds.delete(crowd);
  }

  #hold(bytes: number, nowMs: number, delayMs: number): number {
    while (this.#held[0] !== undefined && this.#held[0].dueMs <= nowMs) {
      this.#heldBytes -= this.#held.shift()?.bytes ?? 0;
    }
    if (this.#heldBytes + bytes > HELD_BYTES_MAX) return 0;
    this.#held.push({ dueMs: nowMs + delayMs, bytes });
    this.#heldBytes += bytes;
    return delayMs;
  }
}

/** Remembers that `pid` asked; whether it was among the last few that did. */
function isOneOfFew(pids: number[], pid: number): boolean {
  if (pids.includes(pid)) return true;
  if (pids.length === FEW) pids.shift();
  pids.push(pid);
  return pids.length < FEW;
}
