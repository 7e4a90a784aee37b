import { readFileSync } from "node:fs";
import type { Clock } from "../core/runtime/clock.ts";

/** How long a mount may go unnoticed. */
const LOOK_MS = 60_000;
/** The files of a tick are opened by one look. */
const OPENING_MS = 100;

/**
 * Whether paths still lead where they led. A mount that is new has a line of its own in the table, since the ID of
 * one that a descriptor holds is given to no other: while the table says what it said when they were opened, such
 * descriptors are right.
 */
export class MountTable {
  readonly #clock: Clock;
  readonly #read: () => string;
  #text: string | undefined;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #version = 0;

  constructor(clock: Clock, read: () => string = () => readFileSync("/proc/self/mountinfo", "utf8")) {
    this.#clock = clock;
    this.#read = read;
  }

  /** Another number once the mounts are others, a minute later at most. */
  get version(): number {
    return this.#asOf(LOOK_MS);
  }

  /**
   * The same as of now, to be asked before a path is opened: a mount that is gone for a moment has the same line
   * afterwards, and a path that was opened in that moment leads to what is below it.
   */
  get versionNow(): number {
    return this.#asOf(OPENING_MS);
  }

  #asOf(maxAgeMs: number): number {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#lookedMs < maxAgeMs) return this.#version;
    this.#lookedMs = nowMs;
    const text = this.#look();
    if (text === undefined || text !== this.#text) this.#version++;
    this.#text = text;
    return this.#version;
  }

  /** undefined where it cannot be read: then it may have changed. */
  #look(): string | undefined {
    try {
      return this.#read();
    } catch {
      return undefined;
    }
  }
}
