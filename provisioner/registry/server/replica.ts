import { join } from "node:path";
import { backoffMs } from "../../../core/runtime/backoff.ts";
import type { Clock } from "../../../core/runtime/clock.ts";
import { PlimsollError } from "../../../core/runtime/errors.ts";
import type { Logger } from "../../../core/runtime/log.ts";
import { tellSystemdReady } from "../../../core/runtime/systemd.ts";
import { readLockOwner, tryFileLock } from "../../host/file-lock.ts";
import { Verdicts } from "../gate/verdicts.ts";
import { renderAddress } from "./address.ts";
import type { Replica, ServerSpec } from "./declaration.ts";
import { type RunningRegistry, startRegistry, takesConnections } from "./running.ts";
import { refuseStaleConfig } from "./stale-config.ts";
import { type ReplicaMode, type ReplicaState, type ServerDocuments, WindowWatch } from "./window.ts";

const LOOK_MS = 1000;
const PAUSES = { firstMs: 1000, longestMs: 30_000 };

export interface ReplicaContext {
  readonly documents: ServerDocuments;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/**
 * Runs one replica until the signal: restarts it when it ends, and has it refuse to be written to while somebody
 * needs that. It says that it starts before it looks whether somebody does, and a collector says what it needs
 * before it looks who runs: one of them sees the other.
 */
export async function runReplica(spec: ServerSpec, replica: Replica, context: ReplicaContext): Promise<void> {
  refuseStaleConfig(spec);
  const { documents, clock } = context;
  const lock = join(spec.folder, `replica-${replica.name}.lock`);
  const release = await tryFileLock(lock);
  if (release === undefined)
    throw new PlimsollError("REGISTRY", `replica ${replica.name} is run by ${readLockOwner(lock)}`);
  try {
    if (await takesConnections(replica))
      throw new PlimsollError("REGISTRY", `${renderAddress(replica)}: somebody else listens there`);
    await documents.writeReplica(replica.name, {
      state: "starting",
      window: undefined,
      sinceMs: clock.nowMs(),
    });
    await new Keeper(spec, replica, context).run();
  } finally {
    release();
  }
}

class Keeper {
  readonly #spec: ServerSpec;
  readonly #replica: Replica;
  readonly #context: ReplicaContext;
  readonly #watch: WindowWatch;
  readonly #verdicts: Verdicts | undefined;
  #running: RunningRegistry | undefined;
  #told: ReplicaState | undefined;
  /** Why nothing can be pushed, though it serves. */
  #problem: string | undefined;
  #hasServed = false;
  #failures = 0;

  constructor(spec: ServerSpec, replica: Replica, context: ReplicaContext) {
    this.#spec = spec;
    this.#replica = replica;
    this.#context = context;
    this.#watch = new WindowWatch(context.clock);
    this.#verdicts = spec.policyFile === undefined ? undefined : new Verdicts(spec.policyFile);
  }

  async run(): Promise<void> {
    const { documents, clock, signal } = this.#context;
    await this.#verdicts?.readPolicy(); // one that cannot be read is refused now
    let window = await documents.readWindow(); // without the store nobody knows whether it may be written to
    try {
      while (!signal.aborted) {
        await this.#lookAtPolicy();
        const wanted = this.#watch.judge(window);
        if (window !== undefined && wanted === undefined) await documents.dropWindow(window).catch(() => {});
        await this.#become(wanted);
        await clock.sleep(LOOK_MS, signal);
        window = await documents.readWindow().catch(() => window);
      }
    } finally {
      await this.#running?.stop();
      await this.#tell({ state: "down", window: undefined });
    }
  }

  async #become(window: string | undefined): Promise<void> {
    const mode: ReplicaMode = window === undefined ? "writable" : "read-only";
    if (this.#running?.hasEnded()) {
      this.#context.log.warn({ replica: this.#replica.name }, "registry ended by itself");
      await this.#running.stop(); // what stands before it
      this.#running = undefined;
      await this.#pause();
      return; // much may have changed meanwhile
    }
    if (this.#running?.mode !== mode) {
      if (mode === "writable") await this.#tell({ state: "starting", window: undefined });
      await this.#running?.stop();
      this.#running = await this.#start(mode);
    }
    await this.#tell(
      this.#running === undefined ? { state: "starting", window: undefined } : { state: mode, window },
    );
  }

  /** The gate itself reads it at each push; here it is told, once, before somebody pushes. */
  async #lookAtPolicy(): Promise<void> {
    const problem = await this.#verdicts?.problem();
    if (problem === this.#problem) return;
    this.#problem = problem;
    const [{ log }, replica] = [this.#context, this.#replica.name];
    if (problem === undefined) log.info({ replica }, "the policy can be followed again");
    else log.error({ replica, problem }, "the policy cannot be followed: nothing is pushed until it can");
  }

  async #start(mode: ReplicaMode): Promise<RunningRegistry | undefined> {
    const { log, clock } = this.#context;
    try {
      const started = await startRegistry(this.#spec, this.#replica, mode, {
        clock,
        log,
        verdicts: this.#verdicts,
      });
      log.info({ replica: this.#replica.name, address: renderAddress(this.#replica), mode }, "serves");
      this.#failures = 0;
      if (!this.#hasServed) await tellSystemdReady(log);
      this.#hasServed = true;
      return started;
    } catch (error) {
      if (!(error instanceof PlimsollError) || !this.#hasServed) throw error;
      log.error({ replica: this.#replica.name, err: error }, "registry cannot be started");
      await this.#pause();
      return undefined;
    }
  }

  async #pause(): Promise<void> {
    const { clock, signal } = this.#context;
    await clock.sleep(backoffMs(PAUSES, ++this.#failures, undefined, Math.random()), signal);
  }

  /** Whether a state is told decides nothing here: it is told again with the next look. */
  async #tell({ state, window }: Pick<ReplicaState, "state" | "window">): Promise<void> {
    const problem = state === "down" ? undefined : this.#problem;
    const before = this.#told;
    const isSame = before?.state === state && before.window === window;
    if (isSame && before.problem === problem) return;
    const sinceMs = isSame ? before.sinceMs : this.#context.clock.nowMs();
    const next = { state, window, problem, sinceMs };
    try {
      await this.#context.documents.writeReplica(this.#replica.name, next);
      this.#told = next;
    } catch (error) {
      this.#context.log.error({ replica: this.#replica.name, err: error }, "state not told");
    }
  }
}
