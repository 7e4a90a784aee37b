import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../core/runtime/clock.ts";
import { bug, errorLine } from "../core/runtime/errors.ts";
import type { Logger } from "../core/runtime/log.ts";
import { openSpool, type Spool } from "../core/runtime/spool.ts";
import { openSinks } from "./open-sinks.ts";
import type { AgentOptions } from "./options.ts";
import { Outlet } from "./outlet.ts";
import type { ProtocolSink } from "./sinks/types.ts";
import { spoolFolder, sweepSpool } from "./spool-folders.ts";
import type { SpoolSettings } from "./spool-options.ts";

/** About an hour of samples at the default interval. */
const MEMORY_BYTES = 1024 * 1024;
/** What is kept while the disk takes nothing: a quarter of an hour. */
const HELD_BYTES = 256 * 1024;
const LONGEST_STAGGER_MS = 10_000;
/** For the push under way of a destination that is removed or changed; what is left waits in its spool. */
const RETIRE_MS = 1000;

type Delivering = Pick<AgentOptions, "destinations" | "intervalMs" | "spool">;

/** A destination as it is to be, its sink made: nothing can be wrong with it any more. */
interface Prepared {
  /** Equal for two that need not be told apart. */
  readonly key: string;
  readonly sink: ProtocolSink;
}

interface Running {
  readonly key: string;
  readonly outlet: Outlet;
  readonly spool: Spool;
  /** Aborted: it delivers what is left, and ends. */
  readonly closing: AbortController;
  /** Aborted: it ends. */
  readonly end: AbortController;
  readonly done: Promise<void>;
}

/** One outlet per destination, each with a folder of its own in the spool. The destinations may change. */
export class Outlets {
  readonly #clock: Clock;
  readonly #log: Logger;
  #running: readonly Running[] = [];
  #spool: SpoolSettings | undefined;

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  get all(): readonly Outlet[] {
    return this.#running.map(({ outlet }) => outlet);
  }

  /** What `change` takes. Throws where a destination cannot be; nothing has changed then. */
  async prepare({ destinations, intervalMs, spool }: Delivering): Promise<readonly Prepared[]> {
    const sinks = await openSinks({ destinations, intervalMs });
    return sinks.map((sink, i) => {
      const { protocol, url, settings } = destinations[i] ?? bug("a sink without a destination");
      return { key: JSON.stringify([protocol.name, url, settings, intervalMs, spool]), sink };
    });
  }

  /**
   * Has exactly the prepared destinations. Those that were there the same go on undisturbed; one that has
   * changed goes on with what its spool holds.
   */
  async change(prepared: readonly Prepared[], { intervalMs, spool }: Delivering): Promise<void> {
    const before = [...this.#running];
    const same = prepared.map(({ key }) => {
      const at = before.findIndex((running) => running.key === key);
      return at === -1 ? undefined : before.splice(at, 1)[0];
    });
    await Promise.all(before.map(retire)); // Before others start: they may need the same folder.
    const running: Running[] = [];
    for (const [i, { key, sink }] of prepared.entries())
      running.push(same[i] ?? (await this.#start(key, sink, intervalMs, spool)));
    this.#running = running;
    this.#spool = spool;
    if (spool.isFallback && prepared.length > 0) {
      this.#log.warn(
        {},
        "samples wait in memory: what a receiver has not taken ends with this process; give --spool DIR",
      );
    }
    this.sweep();
  }

  /** Looks for spools of destinations that are no more. */
  sweep(): void {
    const { directory, maxAgeMs } = this.#spool ?? { directory: undefined, maxAgeMs: 0 };
    if (directory === undefined || !existsSync(directory)) return;
    const names = this.all.map(({ name }) => name);
    try {
      sweepSpool(directory, names, maxAgeMs, this.#clock.nowMs(), this.#log);
    } catch (error) {
      this.#log.warn({ directory, problem: errorLine(error) }, "spool cannot be looked through");
    }
  }

  /** Delivers what is left until `deadline` aborts. */
  async close(deadline: AbortSignal): Promise<void> {
    for (const { closing, end } of this.#running) {
      closing.abort();
      if (deadline.aborted) end.abort();
      deadline.addEventListener("abort", () => end.abort());
    }
    await Promise.all(this.#running.map(({ done }) => done));
    await Promise.all(this.#running.map(({ spool }) => spool.close()));
  }

  async #start(
    key: string,
    sink: ProtocolSink,
    intervalMs: number,
    settings: SpoolSettings,
  ): Promise<Running> {
    const clock = this.#clock;
    const log = this.#log;
    const spool = await openSpoolOf(sink.name, settings, clock, log);
    const staggerMs = Math.min(intervalMs, LONGEST_STAGGER_MS);
    const outlet = new Outlet({ sink, spool, clock, log, staggerMs });
    if (spool.length > 0) log.info({ sink: sink.name, batches: spool.length }, "goes on with what was left");
    const closing = new AbortController();
    const end = new AbortController();
    return { key, outlet, spool, closing, end, done: outlet.run(closing.signal, end.signal) };
  }
}

async function retire({ closing, end, done, spool }: Running): Promise<void> {
  const timer = setTimeout(() => end.abort(), RETIRE_MS);
  closing.abort();
  await done;
  clearTimeout(timer);
  await spool.close();
}

async function openSpoolOf(name: string, settings: SpoolSettings, clock: Clock, log: Logger): Promise<Spool> {
  const { directory, maxBytes, maxAgeMs } = settings;
  const common = { maxHeldBytes: HELD_BYTES, maxAgeMs, sync: "never" as const, clock, log };
  if (directory !== undefined) {
    try {
      mkdirSync(directory, { recursive: true });
      return await openSpool({ ...common, maxBytes, directory: join(directory, spoolFolder(name)) });
    } catch (error) {
      log.warn({ sink: name, err: error }, "spool cannot be used, samples wait in memory");
    }
  }
  return openSpool({ ...common, maxBytes: Math.min(maxBytes, MEMORY_BYTES) });
}
