import { errnoOf, errorLine, PlimsollError } from "../../core/runtime/errors.ts";
import { inTurns } from "../drivers/in-turns.ts";
import type { Machine } from "../resources/types.ts";
import type { Step } from "../step/steps.ts";
import { countRevocable, planUndo } from "../step/undo.ts";
import type { Operation, Track } from "./documents.ts";
import { type Ending, type Journal, recordOf } from "./journal.ts";

/** What makes steps: the executors on a host, or a model of one. */
export interface Performer {
  perform(step: Step): Promise<void>;
  /** The steps that are left, as things are. */
  plan(machine: Machine): Promise<readonly Step[]>;
}

/** Hears of each step before it is made, and once it is made, before the journal knows. */
export interface Watcher {
  begin(step: Step, at: Progress): void;
  done(step: Step): void;
}

export interface Progress {
  readonly number: number;
  readonly of: number;
  readonly isUndo: boolean;
}

/** A stranger had the address. The machine gets another, unless it was to have that one. */
export const ADDRESS_CONFLICT = "ADDRESS_CONFLICT";

/** Machines worked on side by side: half of its time each waits for an answer, of the wire or of the engine. */
const AT_ONCE = 20;
/** Addresses tried for one machine: a network with so many strangers is for its operator to look at. */
const MAX_CONFLICTS = 3;

/**
 * Runs an operation to its end, from wherever its journal says it is. A step that fails has its
 * machine's steps taken back, and those of the others where all belong together; from the first
 * irrevocable step on there is no way but forward, and the operation stays to be tried again.
 */
export async function runOperation(
  journal: Journal,
  operation: Operation,
  performer: Performer,
  watcher: Watcher,
  signal: AbortSignal,
): Promise<readonly Ending[]> {
  const isTogether = operation.policy === "together";
  let isGivenUp = isTogether && operation.tracks.some(({ state }) => state === "undoing");
  const runner = new Runner(journal, performer, watcher, {
    signal,
    isGivenUp: () => isGivenUp,
  });
  const advanced = await inTurns(operation.tracks, AT_ONCE, async (track) => {
    const next = track.state === "undoing" ? track : await runner.advance(track);
    if (isTogether && next.state === "undoing") isGivenUp = true;
    return next;
  });
  const endings = await inTurns(advanced, AT_ONCE, async (track): Promise<Ending> => {
    const isRevocable = track.cursor <= countRevocable(track.steps);
    if (track.state === "undoing" || (isGivenUp && isRevocable)) return runner.takeBack(track);
    return { track, state: track.cursor === track.steps.length ? "done" : "stuck" };
  });
  await journal.end(operation, endings);
  return endings;
}

/** What ends going forward, between two steps. */
interface Brake {
  /** Of the operator: as if the next step had failed. */
  readonly signal: AbortSignal;
  /** Another machine of the same operation has failed. */
  isGivenUp(): boolean;
}

/** How far a track has come. */
interface Position {
  track: Track;
}

class Runner {
  readonly #journal: Journal;
  readonly #performer: Performer;
  readonly #watcher: Watcher;
  readonly #brake: Brake;

  constructor(journal: Journal, performer: Performer, watcher: Watcher, brake: Brake) {
    this.#journal = journal;
    this.#performer = performer;
    this.#watcher = watcher;
    this.#brake = brake;
  }

  /** Makes the steps that are left. One that fails is told in the track that is returned. */
  async advance(from: Track): Promise<Track> {
    const at: Position = { track: from };
    try {
      for (let conflicts = 0; at.track.cursor < at.track.steps.length && !this.#brake.isGivenUp(); ) {
        if (this.#brake.signal.aborted) throw new PlimsollError("INTERRUPTED", "interrupted");
        const isPatient = conflicts < MAX_CONFLICTS && recordOf(from).machine.address === undefined;
        if (await this.#goOn(at, isPatient)) conflicts++;
      }
      return at.track;
    } catch (error) {
      return this.#giveUp(at.track, error);
    }
  }

  /** Takes back what was made, and what was perhaps begun. */
  async takeBack(from: Track): Promise<Ending> {
    const at: Position = { track: from };
    try {
      if (from.state !== "undoing") at.track = await this.#journal.save(from, { state: "undoing" });
      await this.#rewind(at);
      return { track: at.track, state: "undone" };
    } catch (error) {
      // Told, not written: the next try has an obstacle of its own, and what ends well had none.
      const why = [from.error, `not taken back: ${errorLine(error)}`].filter((each) => each !== undefined);
      return { track: { ...at.track, error: why.join("; ") }, state: "stuck" };
    }
  }

  /** Makes the next step. True when a stranger had the address and all begins anew with another. */
  async #goOn(at: Position, isPatient: boolean): Promise<boolean> {
    try {
      at.track = await this.#makeNext(at.track);
      return false;
    } catch (error) {
      if (!isPatient || errnoOf(error) !== ADDRESS_CONFLICT) throw error;
    }
    // From the ground: what was made for one address is not for another.
    await this.#rewind(at);
    const steps = await this.#performer.plan(recordOf(at.track).machine);
    at.track = await this.#journal.save(at.track, { steps, cursor: 0 });
    return true;
  }

  /** The last step first. Ended in between, it is gone on with from there, in whichever direction. */
  async #rewind(at: Position): Promise<void> {
    const { steps } = at.track;
    for (let index = Math.min(at.track.cursor, steps.length - 1); index >= 0; index--) {
      for (const undo of planUndo(steps.slice(index, index + 1))) {
        await this.#make(undo, { number: index + 1, of: steps.length, isUndo: true });
      }
      at.track = await this.#journal.save(at.track, { cursor: index });
    }
  }

  async #makeNext(track: Track): Promise<Track> {
    const [step] = track.steps.slice(track.cursor);
    const progress = { number: track.cursor + 1, of: track.steps.length, isUndo: false };
    if (step !== undefined) await this.#make(step, progress);
    return this.#journal.save(track, { cursor: track.cursor + 1, error: undefined });
  }

  async #make(step: Step, progress: Progress): Promise<void> {
    this.#watcher.begin(step, progress);
    await this.#performer.perform(step);
    this.#watcher.done(step);
  }

  /** What is irrevocable has begun: the track stays as it is, to be gone on with. */
  #giveUp(track: Track, cause: unknown): Promise<Track> {
    const error = errorLine(cause);
    const isRevocable = track.cursor < countRevocable(track.steps);
    return this.#journal.save(track, isRevocable ? { state: "undoing", error } : { error });
  }
}
