import { systemClock } from "../../core/runtime/clock.ts";
import { PlimsollError } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";
import { LATE, withPatience } from "../../core/runtime/patience.ts";
import { type DatabaseLock, Locks } from "./locks.ts";
import type { Operation, OperationResult } from "./operations.ts";
import { parseRemote } from "./remote.ts";
import { openRpcConnection, type RpcConnection } from "./rpc-connection.ts";
import { type MonitoredTables, TableReplica, type Tables } from "./table-replica.ts";
import { parseTransactReply } from "./transact-reply.ts";

/** A database of an OVSDB server (RFC 7047), over connections that come and go. */
export interface Ovsdb {
  /** The monitored tables as of the last update; while there is no connection, as they were. */
  readonly tables: Tables;
  readonly isConnected: boolean;
  /**
   * All operations or none. Throws TransactionError when the server refused, PlimsollError
   * `OVSDB_LOST` or `OVSDB_TIMEOUT` when nobody knows whether it happened.
   */
  transact(operations: readonly Operation[], options?: TransactOptions): Promise<readonly OperationResult[]>;
  /** Asks again at each change of tables, locks or connection, until the answer is not undefined. */
  until<T>(what: string, ask: () => T | undefined, timeoutMs: number): Promise<T>;
  /** Calls back after each change; returns how to stop. */
  onChange(listener: () => void): () => void;
  /** Asks for a lock; it is held now, or later. */
  lock(name: string): Promise<DatabaseLock>;
  /** Takes a lock from whoever has it. */
  steal(name: string): Promise<DatabaseLock>;
  close(): Promise<void>;
}

export interface TransactOptions {
  readonly timeoutMs?: number;
  /** Fails with `not owner` unless this lock is held. */
  readonly lock?: string;
}

export interface OvsdbOptions {
  /** `unix:/path` or `tcp:address:port`. */
  readonly remote: string;
  readonly database: string;
  readonly monitor: MonitoredTables;
  readonly log: Logger;
  /** How long connecting, and one call, may take. */
  readonly timeoutMs?: number;
  /** A server that does not answer an echo within this long is given up; it is asked this often. */
  readonly probeMs?: number;
}

const TIMEOUT_MS = 10_000;
const PROBE_MS = 5_000;
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 5_000;
/** Of the only monitor of a connection. */
const MONITOR_ID = "plimsoll";

/** Connects and reads the monitored tables. Later on a connection that ends is replaced, for as long as it takes. */
export async function openOvsdb(options: OvsdbOptions): Promise<Ovsdb> {
  const client = new Client(options);
  await client.start();
  return client;
}

class Client implements Ovsdb {
  readonly tables: TableReplica;
  readonly #options: OvsdbOptions;
  readonly #timeoutMs: number;
  readonly #locks: Locks;
  readonly #listeners = new Set<() => void>();
  readonly #closing = new AbortController();
  #connection: RpcConnection | undefined;
  #life: Promise<void> = Promise.resolve();

  constructor(options: OvsdbOptions) {
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.#locks = new Locks(this.#timeoutMs);
    this.tables = new TableReplica(options.monitor);
  }

  get isConnected(): boolean {
    return this.#connection !== undefined;
  }

  async start(): Promise<void> {
    this.#life = this.#live(await this.#connect());
  }

  async transact(
    operations: readonly Operation[],
    options: TransactOptions = {},
  ): Promise<readonly OperationResult[]> {
    const timeoutMs = options.timeoutMs ?? this.#timeoutMs;
    const deadline = systemClock.monotonicMs() + timeoutMs;
    const connection = await this.#connected(timeoutMs);
    const guards: Operation[] = options.lock === undefined ? [] : [{ op: "assert", lock: options.lock }];
    const all = [...guards, ...operations];
    const left = Math.max(1, deadline - systemClock.monotonicMs());
    const results = await connection.call("transact", [this.#options.database, ...all], left, (reply) =>
      parseTransactReply(all, reply),
    );
    return results.slice(guards.length);
  }

  async until<T>(what: string, ask: () => T | undefined, timeoutMs: number): Promise<T> {
    const deadline = systemClock.monotonicMs() + timeoutMs;
    for (;;) {
      if (this.#closing.signal.aborted) throw closed();
      const answer = ask();
      if (answer !== undefined) return answer;
      const left = deadline - systemClock.monotonicMs();
      if (left <= 0 || !(await this.#changesWithin(left))) {
        throw new PlimsollError("OVSDB_TIMEOUT", `ovsdb: ${what}: not within ${timeoutMs} ms`);
      }
    }
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  lock(name: string): Promise<DatabaseLock> {
    return this.#acquire("lock", name);
  }

  steal(name: string): Promise<DatabaseLock> {
    return this.#acquire("steal", name);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#connection?.close(closed());
    await this.#life;
    this.#changed();
  }

  async #acquire(method: "lock" | "steal", name: string): Promise<DatabaseLock> {
    const connection = await this.#connected(this.#timeoutMs);
    return this.#locks.acquire(method, name, connection, () => this.#connection);
  }

  #connected(timeoutMs: number): Promise<RpcConnection> {
    return this.until("connection", () => this.#connection, timeoutMs);
  }

  async #live(first: RpcConnection): Promise<void> {
    let connection: RpcConnection | undefined = first;
    while (connection !== undefined) {
      const probing = new AbortController();
      void this.#probe(connection, probing.signal);
      const reason = await connection.closed;
      probing.abort();
      this.#connection = undefined;
      this.#locks.lose();
      this.#changed();
      if (this.#closing.signal.aborted) return;
      this.#options.log.warn({ remote: this.#options.remote, err: reason }, "ovsdb connection lost");
      connection = await this.#reconnect();
    }
  }

  async #reconnect(): Promise<RpcConnection | undefined> {
    for (let waitMs = FIRST_RETRY_MS; ; waitMs = Math.min(waitMs * 2, LAST_RETRY_MS)) {
      await systemClock.sleep(waitMs, this.#closing.signal);
      if (this.#closing.signal.aborted) return undefined;
      try {
        const connection = await this.#connect();
        this.#options.log.info({ remote: this.#options.remote }, "ovsdb connected again");
        return connection;
      } catch (error) {
        if (!(error instanceof PlimsollError)) throw error;
        this.#options.log.debug({ remote: this.#options.remote, err: error }, "ovsdb not reached");
      }
    }
  }

  async #connect(): Promise<RpcConnection> {
    const { remote, database, monitor } = this.#options;
    const connection = await openRpcConnection(parseRemote(remote), this.#timeoutMs, (method, params) =>
      this.#notified(method, params),
    );
    try {
      const requests = Object.fromEntries(
        Object.entries(monitor).map(([table, columns]) => [table, { columns }]),
      );
      await connection.call("monitor", [database, MONITOR_ID, requests], this.#timeoutMs, (dump) =>
        this.tables.replace(dump),
      );
      await this.#locks.acquireAgain(connection);
    } catch (error) {
      connection.close(closed());
      throw error;
    }
    if (this.#closing.signal.aborted) connection.close(closed());
    this.#connection = connection;
    this.#changed();
    return connection;
  }

  /** On a unix socket ovsdb-server never asks whether we live: a server that hangs is found only by asking. */
  async #probe(connection: RpcConnection, signal: AbortSignal): Promise<void> {
    const everyMs = this.#options.probeMs ?? PROBE_MS;
    for (;;) {
      await systemClock.sleep(everyMs, signal);
      if (signal.aborted) return;
      try {
        await connection.call("echo", [], everyMs, () => undefined);
      } catch (error) {
        connection.close(
          new PlimsollError("OVSDB_LOST", `ovsdb does not answer within ${everyMs} ms`, { cause: error }),
        );
        return;
      }
    }
  }

  #notified(method: string, params: readonly unknown[]): void {
    if (method === "update" && params[0] === MONITOR_ID) this.tables.apply(params[1]);
    else this.#locks.notified(method, params[0]);
    this.#changed();
  }

  async #changesWithin(timeoutMs: number): Promise<boolean> {
    let stop = (): void => {};
    const change = new Promise<void>((resolve) => {
      stop = this.onChange(resolve);
    });
    try {
      return (await withPatience(change, timeoutMs)) !== LATE;
    } finally {
      stop();
    }
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

function closed(): PlimsollError {
  return new PlimsollError("OVSDB_CLOSED", "the ovsdb client is closed");
}
