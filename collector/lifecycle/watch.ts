import type { Clock } from "../../core/runtime/clock.ts";
import type { History } from "../inventory/history-record.ts";
import type { Inventory } from "../inventory/inventory.ts";
import type { Timeline } from "../inventory/timeline.ts";
import type { Announcements } from "./announcements.ts";
import { judgeState, type MachineState, patienceMs } from "./state.ts";

export interface WatchOptions {
  readonly inventory: Inventory;
  readonly timeline: Timeline;
  readonly announcements: Announcements;
  /** Whether a container with this address runs; undefined where nobody knows. */
  readonly isRunning: (ip: string) => boolean | undefined;
  readonly clock: Clock;
}

interface Watched {
  state: MachineState;
  lastSeenMs: number;
  /** When that was, by a clock that nobody sets: one that jumps is no silence of all machines. */
  heardMs: number;
  intervalMs: number;
}

/** A machine that changes its interval is known by the new one soon, by the longer one at once. */
const FORGETTING = 0.9;

/** Looks at every machine now and then, says what its silence means, and writes down when that changes. */
export class Watch {
  readonly #options: WatchOptions;
  readonly #machines = new Map<number, Watched>();
  constructor(options: WatchOptions) {
    this.#options = options;
    for (const history of options.inventory.machines()) this.#follow(history);
  }

  state(history: History): MachineState {
    return this.#machines.get(history.id)?.state ?? "reporting";
  }

  /** To be called every few seconds. */
  look(): void {
    const machines = [...this.#options.inventory.machines()];
    const followed = machines.map((history) => [history, this.#follow(history)] as const);
    const away = this.#hostsAway(machines);
    for (const [history, watched] of followed) {
      const state = this.#judge(history, watched, away);
      if (state === watched.state) continue;
      this.#note(history, watched.state, state);
      watched.state = state;
    }
  }

  #follow(history: History): Watched {
    const { lastSeenMs } = history;
    const heardMs = this.#options.clock.monotonicMs();
    const known = this.#machines.get(history.id);
    if (known === undefined) {
      // Machines cannot be heard of while nobody listens: silence is counted from here on.
      const watched: Watched = { state: "reporting", lastSeenMs, heardMs, intervalMs: 0 };
      this.#machines.set(history.id, watched);
      return watched;
    }
    if (lastSeenMs === known.lastSeenMs) return known;
    // A silence that has been noted is no interval.
    if (known.state === "reporting")
      known.intervalMs = Math.max(heardMs - known.heardMs, known.intervalMs * FORGETTING);
    known.lastSeenMs = lastSeenMs;
    known.heardMs = heardMs;
    return known;
  }

  #judge(history: History, watched: Watched, away: ReadonlySet<string>): MachineState {
    const { announcements, isRunning } = this.#options;
    return judgeState({
      silentMs: this.#silentMs(watched),
      patienceMs: patienceMs(watched.intervalMs),
      isRunning: isRunning(history.ip),
      isHostAway: away.has(history.generations.at(-1)?.host ?? ""),
      isPlanned: announcements.isPlanned(history.ip),
      isReleased: history.ended !== undefined,
    });
  }

  #silentMs({ heardMs }: Watched): number {
    return this.#options.clock.monotonicMs() - heardMs;
  }

  /** Hosts with several machines none of which is heard of. */
  #hostsAway(machines: readonly History[]): ReadonlySet<string> {
    const hosts = new Map<string, { count: number; heard: boolean }>();
    for (const history of machines) {
      const host = history.generations.at(-1)?.host;
      if (host === undefined || history.ended !== undefined) continue;
      const watched = this.#machines.get(history.id);
      const isHeard = watched === undefined || this.#silentMs(watched) <= patienceMs(watched.intervalMs);
      const known = hosts.get(host) ?? { count: 0, heard: false };
      hosts.set(host, { count: known.count + 1, heard: known.heard || isHeard });
    }
    return new Set([...hosts].filter(([, { count, heard }]) => count > 1 && !heard).map(([host]) => host));
  }

  #note({ ip, lastSeenMs }: History, from: MachineState, to: MachineState): void {
    const kind = to === "reporting" ? "heard-again" : to;
    const detail = { was: from, lastSeen: new Date(lastSeenMs).toISOString() };
    void this.#options.timeline.add({ ip, atMs: this.#options.clock.nowMs(), kind, detail });
  }
}
