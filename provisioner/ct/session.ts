import { systemClock } from "../../core/runtime/clock.ts";
import type { Logger } from "../../core/runtime/log.ts";
import { refuseFenced } from "../fleet/orders.ts";
import { type HostConfig, readHostConfig } from "../host/config.ts";
import { withHost } from "../host/host.ts";
import { takeHostOr } from "../host/lock.ts";
import type { Operation } from "../operations/documents.ts";
import type { Ending } from "../operations/journal.ts";
import type { Watcher } from "../operations/run.ts";
import { openStore, type WhenAbsent } from "../store/open.ts";
import type { Store } from "../store/types.ts";
import { findDaemon } from "./daemon-operator.ts";
import { HostOperator, type Operator } from "./operator.ts";

export interface SessionOptions {
  readonly store?: string | undefined;
  readonly config?: string | undefined;
}

export interface SessionEvents {
  readonly watcher: Watcher;
  /** Another process changes this host: it is waited for. */
  onWait(owner: string): void;
  /** An operation whose process had ended was gone on with. */
  onResume(operation: Operation, endings: readonly Ending[]): void;
}

/**
 * The daemon where it runs. Otherwise this process takes the host's lock, opens the drivers, and first
 * ends what was interrupted.
 */
export async function withSession<T>(
  options: SessionOptions,
  log: Logger,
  signal: AbortSignal,
  events: SessionEvents,
  use: (operator: Operator) => Promise<T>,
): Promise<T> {
  return withStore(options, async (store, config) => {
    const instead = (): ReturnType<typeof findDaemon> => findDaemon(config, store.name);
    const waiting = { clock: systemClock, signal, onWait: events.onWait };
    const found = await takeHostOr(config, waiting, instead);
    if (typeof found === "function") {
      try {
        await refuseFenced(store, config.name);
        return await withHost(config, store, log, async (host) => {
          const operator = new HostOperator({ ...host, docker: host.docker.hurriedBy(signal) }, log);
          for (const operation of await operator.journal.list())
            events.onResume(operation, await operator.run(operation, events.watcher, signal));
          return use(operator);
        });
      } finally {
        found();
      }
    }
    try {
      return await use(found);
    } finally {
      await found.close();
    }
  });
}

/** For what only looks. */
export async function withStore<T>(
  options: SessionOptions,
  use: (store: Store, config: HostConfig) => Promise<T>,
  whenAbsent: WhenAbsent = "refuse",
): Promise<T> {
  const config = await readHostConfig(options.config);
  const store = await openStore(options.store, whenAbsent);
  try {
    return await use(store, config);
  } finally {
    await store.close();
  }
}
