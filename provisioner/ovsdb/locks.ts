import type { RpcConnection } from "./rpc-connection.ts";
import { isRow } from "./values.ts";

/**
 * A lock of the database server (RFC 7047 §4.1.8): one client at a time holds it, the next in line
 * gets it when that one releases it or its connection ends. `Transact`'s option `lock` makes a
 * transaction fail with `not owner` unless this client holds it when the server executes it.
 */
export interface DatabaseLock {
  readonly name: string;
  readonly isHeld: boolean;
  /** Gives it up, or leaves the line. */
  release(): Promise<void>;
}

type Standing = "waiting" | "held" | "stolen";

/** The locks this client asked for. They end with a connection and are asked for again on the next. */
export class Locks {
  readonly #standing = new Map<string, Standing>();

  isHeld(name: string): boolean {
    return this.#standing.get(name) === "held";
  }

  has(name: string): boolean {
    return this.#standing.has(name);
  }

  async request(
    connection: RpcConnection,
    method: "lock" | "steal",
    name: string,
    timeoutMs: number,
  ): Promise<void> {
    this.#standing.set(name, "waiting");
    await connection.call(method, [name], timeoutMs, (result) => {
      if (isRow(result) && result.locked === true) this.#standing.set(name, "held");
    });
  }

  /** Asks for each again, on a new connection, except those that were stolen: that was someone's decision. */
  async requestAgain(connection: RpcConnection, timeoutMs: number): Promise<void> {
    const names = [...this.#standing].filter(([, standing]) => standing !== "stolen").map(([name]) => name);
    await Promise.all(names.map((name) => this.request(connection, "lock", name, timeoutMs)));
  }

  forget(name: string): void {
    this.#standing.delete(name);
  }

  /** The connection ended, and every lock with it. */
  lose(): void {
    for (const [name, standing] of this.#standing) {
      if (standing === "held") this.#standing.set(name, "waiting");
    }
  }

  /** The notifications `locked` and `stolen`, each with the name of a lock. */
  notified(method: string, name: unknown): void {
    if (typeof name !== "string" || !this.#standing.has(name)) return;
    if (method === "locked") this.#standing.set(name, "held");
    if (method === "stolen") this.#standing.set(name, "stolen");
  }
}
