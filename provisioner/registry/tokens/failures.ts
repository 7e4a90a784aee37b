import type { Clock } from "../../../core/runtime/clock.ts";
import { isUserName } from "./users.ts";

/** Failures that somebody has free, and how soon each is forgotten. */
interface Allowance {
  readonly burst: number;
  readonly everyMs: number;
}

/** Of one user from one client, … */
const OF_USER: Allowance = { burst: 5, everyMs: 60_000 };
/** … and of all users from there: it may be a whole site, where a few programs have an old password. */
const OF_CLIENT: Allowance = { burst: 30, everyMs: 10_000 };
const REMEMBER = 10_000;

/**
 * Who has given too many wrong passwords. Counted by client, and by user of a client; never by user alone, or anybody
 * could keep him out from anywhere.
 */
export class Failures {
  readonly #clock: Clock;
  /** When all is forgotten, the one that failed longest ago first. */
  readonly #forgottenMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Until another password is looked at; 0 is now. */
  waitMs(client: string, user: string): number {
    const nowMs = this.#clock.monotonicMs();
    const waits = accountsOf(client, user).map(([name, { burst, everyMs }]) => {
      const leftMs = (this.#forgottenMs.get(name) ?? nowMs) - nowMs;
      return leftMs - (burst - 1) * everyMs;
    });
    return Math.max(0, ...waits);
  }

  note(client: string, user: string): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [name, { everyMs }] of accountsOf(client, user)) {
      const beforeMs = this.#forgottenMs.get(name) ?? nowMs;
      this.#forgottenMs.delete(name);
      this.#forgottenMs.set(name, Math.max(beforeMs, nowMs) + everyMs);
    }
    for (const oldest of this.#forgottenMs.keys())
      if (this.#forgottenMs.size > REMEMBER) this.#forgottenMs.delete(oldest);
  }
}

/** What can be nobody's name is one: made up names do not fill the memory. */
function accountsOf(client: string, user: string): readonly (readonly [string, Allowance])[] {
  const name = isUserName(user) ? user : "";
  return [
    [client, OF_CLIENT],
    [`${client} ${name}`, OF_USER],
  ];
}
