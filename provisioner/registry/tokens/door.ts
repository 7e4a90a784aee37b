import type { Clock } from "../../../core/runtime/clock.ts";
import type { Logger } from "../../../core/runtime/log.ts";
import { atMost } from "../../../core/runtime/patience.ts";
import { renderGauges, type Sample } from "../../gauges.ts";
import { clientName } from "../gate/client-name.ts";
import { type Share, Turns } from "../gate/turns.ts";
import { Failures } from "./failures.ts";
import { isUserName, PasswordCheck, type Users } from "./users.ts";

/** Passwords at once: of each a tenth of a second of a CPU, and 32 MiB. */
const CHECKS: Share = { all: 2, each: 1 };
/** A crowd of clients that each have a wrong one may make a right one wait. */
const WAIT_MS = 10_000;
const AGAIN_SECONDS = 5;

export interface Given {
  readonly name: string;
  readonly password: string;
}

export interface DoorOptions {
  /** As they are now. */
  readonly users: () => Users;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Why somebody is not let in. */
export type Turned =
  | { readonly why: "wrong" }
  | { readonly why: "too many" | "busy"; readonly againSeconds: number };

/** Who gives a password: looked at a few at once, one of a client, and not without an end. */
export class Door {
  readonly #options: DoorOptions;
  readonly #check = new PasswordCheck();
  readonly #turns = new Turns(CHECKS);
  readonly #failures: Failures;
  readonly #counts = { right: 0, wrong: 0, unseen: 0 };

  constructor(options: DoorOptions) {
    this.#options = options;
    this.#failures = new Failures(options.clock);
  }

  /** Undefined lets in. One that has to wait is not let in by a right password either: that would tell it from a wrong one. */
  async refuse(given: Given, address: string | undefined, over: AbortSignal): Promise<Turned | undefined> {
    const client = clientName(address);
    const { name, password } = given;
    if (this.#failures.waitMs(client, name) > 0) return this.#turnAway(client, name);
    if (this.#check.isKnown(this.#options.users(), name, password)) return this.#letIn();
    const release = await this.#turns.take(client, atMost(WAIT_MS, over));
    if (release === undefined) {
      this.#counts.unseen++;
      return { why: "busy", againSeconds: AGAIN_SECONDS };
    }
    try {
      // Those before it in the line may have failed meanwhile.
      if (this.#failures.waitMs(client, name) > 0) return this.#turnAway(client, name);
      if (await this.#check.check(this.#options.users(), name, password)) return this.#letIn();
      this.#failures.note(client, name);
    } finally {
      release();
    }
    return this.#noteWrong(name, address);
  }

  renderMetrics(): string {
    const samples = Object.entries(this.#counts).map(([outcome, count]): Sample => [{ outcome }, count]);
    const help = "Passwords since its start; unseen: turned away before they were looked at.";
    return renderGauges("plimsoll_registry_tokens_", [["passwords", help, samples]]);
  }

  #letIn(): undefined {
    this.#counts.right++;
  }

  #turnAway(client: string, name: string): Turned {
    this.#counts.unseen++;
    const againSeconds = Math.ceil(this.#failures.waitMs(client, name) / 1000);
    return { why: "too many", againSeconds };
  }

  #noteWrong(name: string, address: string | undefined): Turned {
    this.#counts.wrong++;
    const user = isUserName(name) ? name : undefined;
    this.#options.log.warn({ user, address }, "password refused");
    return { why: "wrong" };
  }
}
