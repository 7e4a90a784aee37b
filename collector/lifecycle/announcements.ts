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

/** That a machine may be silent until then, and when that was said. */
export interface Plan {
  readonly ip: string;
  readonly atMs: number;
  readonly untilMs: number;
}

const ANNOUNCED = "announced";
/** Nobody plans for longer. */
export const LONGEST_PLAN_MS: number = 7 * 86_400_000;

/** Planned changes: while one is announced its machine's silence is nobody's alarm. */
export class Announcements {
  readonly #plans = new Map<string, Plan>();
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
      if (last !== undefined)
        this.learn({ ip, atMs: last.atMs, untilMs: Date.parse(last.detail.until ?? "") });
    }
  }

  /** Durable when it resolves. */
  announce(ip: string, { change, untilMs, reason }: Announcement): Promise<void> {
    const atMs = this.#clock.nowMs();
    this.#plans.set(ip, { ip, atMs, untilMs });
    const until = new Date(untilMs).toISOString();
    const detail = { change, until, ...(reason === "" ? {} : { reason }) };
    return this.#timeline.add({ ip, atMs, kind: ANNOUNCED, detail });
  }

  /** Said elsewhere, or before: what was said last counts, also where it is for less long. */
  learn(plan: Plan): void {
    const known = this.#plans.get(plan.ip);
    if (known === undefined || plan.atMs > known.atMs) this.#plans.set(plan.ip, plan);
  }

  /** Those that are not over. */
  *planned(): Generator<Plan> {
    for (const plan of this.#plans.values()) if (this.isPlanned(plan.ip)) yield plan;
  }

  isPlanned(ip: string): boolean {
    const plan = this.#plans.get(ip);
    if (plan === undefined) return false;
    if (this.#clock.nowMs() < plan.untilMs) return true;
    this.#plans.delete(ip);
    return false;
  }
}
