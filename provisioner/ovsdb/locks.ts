import type { RpcConnection } from "./rpc-connection.ts";
import { isRow } from "./values.ts";

/**
 * A lock of the database server (RFC 7047 §4.1.8): one client at a time holds it, the next in line
 * gets it when that one releases it or its connection ends. A transaction with the option `lock`
 * fails with `not owner` unless this client holds it when the server executes it.
 */
export interface DatabaseLock {
  readonly name: string;
  readonly isHeld: boolean;
  /** Gives it up, or leaves the line. */
  release(): Promise<void>;
}

type Standing = "waiting" | "held" | "stolen";

/** The locks one client asked for. They end with a connection and are asked for again on the next. */
export class Locks {
  readonly #standing = new Map<string, Standing>();
  readonly #timeoutMs: number;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  async acquire(
    method: "lock" | "steal",
    name: string,
    connection: RpcConnection,
    current: () => RpcConnection | undefined,
  ): Promise<DatabaseLock> {
    const release = (): Promise<void> => this.#release(name, current());
    const isHeld = (): boolean => this.#standing.get(name) === "held";
    if (!isHeld()) {
      // The server refuses a second request, even for a lock that was stolen, until the first is taken back.
      await this.#release(name, connection);
      try {
        await this.#request(method, name, connection);
      } catch (error) {
        this.#standing.delete(name);
        throw error;
      }
    }
    return {
      name,
      get isHeld() {
        return isHeld();
      },
      release,
    };
  }

  /** Asks for each again, on a new connection, except those that were stolen: that was someone's decision. */
  async acquireAgain(connection: RpcConnection): Promise<void> {
    const names = [...this.#standing].filter(([, standing]) => standing !== "stolen").map(([name]) => name);
    await Promise.all(names.map((name) => this.#request("lock", name, connection)));
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

  async #request(method: "lock" | "steal", name: string, connection: RpcConnection): Promise<void> {
    this.#standing.set(name, "waiting");
    await connection.call(method, [name], this.#timeoutMs, (result) => {
      if (isRow(result) && result.locked === true) this.#standing.set(name, "held");
    });
  }

  /** Without a connection there is nothing to release at the server. */
  async #release(name: string, connection: RpcConnection | undefined): Promise<void> {
    if (this.#standing.delete(name)) {
      await connection?.call("unlock", [name], this.#timeoutMs, () => undefined);
    }
  }
}
