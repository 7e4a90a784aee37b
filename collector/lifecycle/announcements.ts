import type { Clock } from "../../core/runtime/clock.ts";
import type { Timeline } from "../inventory/timeline.ts";

/** What may be announced of a machine. */
export const CHANGES = ["rebuild", "resize", "stop", "destroy", "release"] as const;
export type Change = (typeof CHANGES)[number];

export interface Announcement {
  readonly change: Change;
  /** Milliseconds since 1970. */
  readonly untilMs: number;
  readonly reason: string;
}

const ANNOUNCED = "announced";
/** Nobody plans for longer. */
export const LONGEST_PLAN_MS: number = 7 * 86_400_000;

/** Planned changes: while one is announced its machine's silence is nobody's alarm. */
export class Announcements {
  readonly #until = new Map<string, number>();
  readonly #timeline: Timeline;
  readonly #clock: Clock;

  constructor(timeline: Timeline, clock: Clock) {
    this.#timeline = timeline;
    this.#clock = clock;
  }

  /** What had been announced before the process began. */
  recall(ips: Iterable<string>): void {
    const toMs = this.#clock.nowMs();
    for (const ip of ips) {
      const events = this.#timeline.list(ip, { fromMs: toMs - LONGEST_PLAN_MS, toMs, limit: 100 });
      const last = events.findLast(({ kind }) => kind === ANNOUNCED);
      if (last !== undefined) this.#until.set(ip, Date.parse(last.detail.until ?? ""));
    }
  }

  /** Durable when it resolves. */
  announce(ip: string, { change, untilMs, reason }: Announcement): Promise<void> {
    this.#until.set(ip, untilMs);
    const until = new Date(untilMs).toISOString();
    const detail = { change, until, ...(reason === "" ? {} : { reason }) };
    return this.#timeline.add({ ip, atMs: this.#clock.nowMs(), kind: ANNOUNCED, detail });
  }

  isPlanned(ip: string): boolean {
    const untilMs = this.#until.get(ip);
    if (untilMs === undefined) return false;
    if (this.#clock.nowMs() < untilMs) return true;
    this.#until.delete(ip);
    return false;
  }
}
