import { readFileSync } from "node:fs";
import type { Logger } from "../../core/runtime/log.ts";
import { performStep } from "../executors/index.ts";
import { observeMachine } from "../executors/observe.ts";
import { type HostConfig, readHostConfig } from "../host/config.ts";
import { type Host, withHost } from "../host/host.ts";
import { takeHostLock } from "../host/lock.ts";
import { parseCpuset } from "../machines/cpus.ts";
import type { Operation } from "../operations/documents.ts";
import { type Ending, Journal } from "../operations/journal.ts";
import { type Performer, runOperation, type Watcher } from "../operations/run.ts";
import { planMachine } from "../plan/plan.ts";
import { openStore } from "../store/open.ts";
import type { Store } from "../store/types.ts";

export interface SessionOptions {
  readonly store?: string | undefined;
  readonly config?: string | undefined;
}

/** A host that nobody else changes meanwhile, with its journal. */
export interface Session {
  readonly host: Host;
  readonly journal: Journal;
  /** Runs an operation that is in the journal. */
  run(operation: Operation): Promise<readonly Ending[]>;
}

export interface SessionEvents {
  readonly watcher: Watcher;
  /** Another process changes this host: it is waited for. */
  onWait(): void;
  /** An operation whose process had ended was gone on with. */
  onResume(operation: Operation, endings: readonly Ending[]): void;
}

/** Opens store and drivers for `use`, takes the host's lock, and first ends what was interrupted. */
export async function withSession<T>(
  options: SessionOptions,
  log: Logger,
  signal: AbortSignal,
  events: SessionEvents,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  return withStore(options, (store, config) =>
    withHost(config, store, log, async (host) => {
      const release = await takeHostLock(host.clock, signal, events.onWait);
      try {
        const journal = new Journal(store, host.clock, config.name);
        const run = (operation: Operation): Promise<readonly Ending[]> =>
          runOperation(journal, operation, performerOn(host), events.watcher, signal);
        for (const operation of await journal.list()) events.onResume(operation, await run(operation));
        return await use({ host, journal, run });
      } finally {
        release();
      }
    }),
  );
}

/** For what only looks. */
export async function withStore<T>(
  options: SessionOptions,
  use: (store: Store, config: HostConfig) => Promise<T>,
): Promise<T> {
  const config = await readHostConfig(options.config);
  const store = await openStore(options.store);
  try {
    return await use(store, config);
  } finally {
    await store.close();
  }
}

export function onlineCpus(): readonly number[] {
  return parseCpuset(readFileSync("/sys/devices/system/cpu/online", "utf8"));
}

function performerOn(host: Host): Performer {
  return {
    perform: (step) => performStep(step, host),
    plan: async (machine) => planMachine(await observeMachine(host, machine), machine),
  };
}
