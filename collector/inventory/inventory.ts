import type { Clock } from "../../core/runtime/clock.ts";
import { judgeEpoch } from "./epoch.ts";
import { type About, changedMs, epochOf, judgeHearsay, type Told } from "./hearsay.ts";
import { type Epoch, type History, withEnd, withGeneration, withSighting } from "./history-record.ts";
import type { Timeline } from "./timeline.ts";

/** Where the records are kept; see store/records.ts. */
export interface HistoryRecords {
  load(): readonly History[];
  /** Durable when it resolves; what cannot be written now is written with the next one. */
  save(history: History): Promise<void>;
}

export interface InventoryOptions {
  readonly records: HistoryRecords;
  readonly timeline: Timeline;
  readonly clock: Clock;
  /** A machine not heard of for this long no longer keeps others from its address. */
  readonly leaseMs: number;
  readonly maxMachines: number;
}

export type Sighting =
  | { readonly history: History; readonly isNew: boolean; readonly saved: Promise<void> }
  | { readonly late: string };

/** How often it is written down that a machine is still heard of. */
const SIGHTING_MS = 60_000;
/** A sender that is refused each few seconds is an event now and then. */
const REFUSAL_MS = 600_000;

/** Every address and the machines that have had it: the last of them has it now. */
export class Inventory {
  /** Pushes of those who had an address before. */
  lateRefused = 0;
  readonly #histories = new Map<string, History[]>();
  readonly #savedMs = new Map<number, number>();
  readonly #refusedMs = new Map<string, number>();
  /** The last sighting of a machine that we know from another collector alone. */
  readonly #toldMs = new Map<string, number>();
  readonly #options: InventoryOptions;
  #lastId = 0;

  constructor(options: InventoryOptions) {
    this.#options = options;
    for (const history of options.records.load()) {
      this.#histories.set(history.ip, [...this.histories(history.ip), history]);
      this.#lastId = Math.max(this.#lastId, history.id);
    }
  }

  get machineCount(): number {
    return this.#histories.size;
  }

  /** Who has had the address, in order; the last has it now. */
  histories(ip: string): readonly History[] {
    return this.#histories.get(ip) ?? [];
  }

  current(ip: string): History | undefined {
    return this.#histories.get(ip)?.at(-1);
  }

  *machines(): Generator<History> {
    for (const histories of this.#histories.values()) {
      const current = histories.at(-1);
      if (current !== undefined) yield current;
    }
  }

  /** The ids of all histories, also of those that are over. */
  *everyHistory(): Generator<number> {
    for (const histories of this.#histories.values()) for (const { id } of histories) yield id;
  }

  /** Somebody speaks under an address: whose history it is, or that it is not theirs any more. Undefined when there are too many machines. */
  observe(ip: string, epoch: Epoch | undefined): Sighting | undefined {
    const { clock, leaseMs } = this.#options;
    const nowMs = clock.nowMs();
    const current = this.current(ip);
    if (current === undefined) return this.#begin(ip, epoch, nowMs);
    const formerOwners = this.histories(ip)
      .flatMap(({ owner }) => owner ?? [])
      .slice(0, -1);
    const isAlive = nowMs - current.lastSeenMs < leaseMs;
    const verdict = judgeEpoch(current, formerOwners, epoch, isAlive);
    if (verdict.kind === "late") return this.#refuse(ip, verdict.reason, nowMs);
    if (verdict.kind === "succeeded") return this.#succeed(current, epoch, nowMs);
    if (verdict.kind === "rebuilt" || (epoch !== undefined && current.generations.length === 0))
      return this.#rebuild(current, epoch, nowMs);
    return this.#sight(current, nowMs);
  }

  /** The machines that we have heard of ourselves since then: what other collectors are told. */
  *heardSince(sinceMs: number): Generator<Told> {
    const { clock, leaseMs } = this.#options;
    for (const current of this.machines()) {
      const { ip, lastSeenMs, owner, firstSeenMs, generations, ended } = current;
      const isHearsay = this.#toldMs.get(ip) === lastSeenMs && ended === undefined;
      // What a machine has become lately is told by all who know it: whoever was heard last may be who it was before.
      const newMs = isHearsay ? Math.max(sinceMs, clock.nowMs() - leaseMs) : sinceMs;
      const isNew = changedMs(current) >= newMs;
      if (!isNew && (isHearsay || lastSeenMs < sinceMs)) continue;
      const about = { owner, firstSeenMs, generations, ...(ended === undefined ? {} : { ended }) };
      yield isNew ? { ip, lastSeenMs, about } : { ip, lastSeenMs };
    }
  }

  /** Another collector has heard of a machine: what is newer than what we know counts as if we had. */
  learn({ ip, lastSeenMs, about }: Told): void {
    const current = this.current(ip);
    if (about !== undefined) this.#learnAbout(ip, current, lastSeenMs, about);
    const known = this.current(ip);
    if (known === undefined || known.ended !== undefined || known.lastSeenMs >= lastSeenMs) return;
    this.#toldMs.set(ip, lastSeenMs);
    this.#replace(withSighting(known, lastSeenMs));
  }

  /** The address is given up: whoever speaks under it next begins a history of their own. */
  release(ip: string, why: string): Promise<void> {
    const current = this.current(ip);
    if (current === undefined || current.ended !== undefined) return Promise.resolve();
    return this.#put(withEnd(current, this.#options.clock.nowMs(), why));
  }

  #learnAbout(ip: string, current: History | undefined, lastSeenMs: number, about: About): void {
    const hearsay = judgeHearsay(current, about);
    const last = about.generations.at(-1);
    const epoch = last && epochOf(about, last);
    if (hearsay === "unknown" || hearsay === "other") {
      const sighting =
        current === undefined
          ? this.#begin(ip, epoch, about.firstSeenMs)
          : this.#succeed(current, epoch, about.firstSeenMs);
      if (sighting === undefined || !("history" in sighting)) return;
      this.#toldMs.set(ip, lastSeenMs);
      void this.#put({ ...sighting.history, ...about, lastSeenMs });
    } else if (hearsay === "rebuilt" && current !== undefined) {
      this.#rebuild(current, epoch, last?.startedMs ?? lastSeenMs);
    } else if (hearsay === "ended" && current !== undefined && about.ended !== undefined) {
      void this.#put(withEnd(current, about.ended.atMs, about.ended.why));
    }
  }

  #begin(ip: string, epoch: Epoch | undefined, nowMs: number): Sighting | undefined {
    const isKnown = this.#histories.has(ip);
    if (!isKnown && this.#histories.size >= this.#options.maxMachines) return undefined;
    const id = ++this.#lastId;
    const seen = { id, ip, owner: epoch?.owner, firstSeenMs: nowMs, lastSeenMs: nowMs, generations: [] };
    const history = epoch === undefined ? seen : withGeneration(seen, epoch, nowMs, "");
    this.#histories.set(ip, [...this.histories(ip), history]);
    const kind = isKnown ? "new-owner" : "first-seen";
    void this.#options.timeline.add({ ip, atMs: nowMs, kind, detail: described(epoch) });
    return { history, isNew: true, saved: this.#save(history) };
  }

  #succeed(current: History, epoch: Epoch | undefined, nowMs: number): Sighting | undefined {
    if (current.ended === undefined) void this.#put(withEnd(current, nowMs, "the address has another owner"));
    return this.#begin(current.ip, epoch, nowMs);
  }

  #rebuild(current: History, epoch: Epoch | undefined, nowMs: number): Sighting {
    if (epoch === undefined) return this.#sight(current, nowMs);
    const history = withSighting(withGeneration(current, epoch, nowMs, "rebuilt"), nowMs);
    if (current.generations.length > 0)
      void this.#options.timeline.add({
        ip: current.ip,
        atMs: nowMs,
        kind: "rebuilt",
        detail: described(epoch),
      });
    return { history, isNew: false, saved: this.#put(history) };
  }

  #sight(current: History, nowMs: number): Sighting {
    const history = withSighting(current, nowMs);
    this.#replace(history);
    const isDue = nowMs - (this.#savedMs.get(history.id) ?? 0) >= SIGHTING_MS;
    return { history, isNew: false, saved: isDue ? this.#save(history) : Promise.resolve() };
  }

  #refuse(ip: string, reason: string, nowMs: number): Sighting {
    this.lateRefused++;
    if (nowMs - (this.#refusedMs.get(ip) ?? Number.NEGATIVE_INFINITY) >= REFUSAL_MS) {
      this.#refusedMs.set(ip, nowMs);
      void this.#options.timeline.add({ ip, atMs: nowMs, kind: "late-refused", detail: { reason } });
    }
    return { late: reason };
  }

  #put(history: History): Promise<void> {
    this.#replace(history);
    return this.#save(history);
  }

  #replace(history: History): void {
    const histories = this.histories(history.ip);
    this.#histories.set(history.ip, [...histories.slice(0, -1), history]);
  }

  #save(history: History): Promise<void> {
    this.#savedMs.set(history.id, this.#options.clock.nowMs());
    return this.#options.records.save(history);
  }
}

/** What is known of a generation, for people. */
function described(epoch: Epoch | undefined): Readonly<Record<string, string>> {
  const entries = Object.entries(epoch ?? {}).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}
