import { connect, type NetConnectOpts, type Socket } from "node:net";
import { errnoOf, PlimsollError } from "../../core/runtime/errors.ts";
import { JsonSplitter } from "./json-splitter.ts";
import { isRow, type Row } from "./values.ts";

/** More unanswered calls than this is a bug of a caller, or a server that has stopped to answer. */
const MAX_PENDING = 1000;

/** One JSON-RPC 1.0 connection (RFC 7047 §4), from its opening to its end. It never comes back. */
export interface RpcConnection {
  /**
   * Calls a method. `parse` turns the result into a value while it is taken off the wire, before
   * anything that follows it there: what it changes is changed when the next notification arrives.
   */
  call<T>(
    method: string,
    params: readonly unknown[],
    timeoutMs: number,
    parse: (result: unknown) => T,
  ): Promise<T>;
  /** Resolves with the reason when the connection ends. */
  readonly closed: Promise<PlimsollError>;
  close(reason: PlimsollError): void;
}

export type NotificationHandler = (method: string, params: readonly unknown[]) => void;

interface PendingCall {
  /** Takes a result; throws when it is malformed. */
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Connects, or throws PlimsollError `OVSDB_UNREACHABLE`. */
export async function openRpcConnection(
  remote: NetConnectOpts,
  timeoutMs: number,
  onNotification: NotificationHandler,
): Promise<RpcConnection> {
  const socket = connect(remote);
  await new Promise<void>((resolve, reject) => {
    const fail = (cause: unknown): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(unreachable(remote, cause));
    };
    const timer = setTimeout(() => fail(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    socket.once("error", fail);
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.off("error", fail);
      resolve();
    });
  });
  return new SocketConnection(socket, onNotification);
}

class SocketConnection implements RpcConnection {
  readonly closed: Promise<PlimsollError>;
  readonly #socket: Socket;
  readonly #onNotification: NotificationHandler;
  readonly #splitter = new JsonSplitter();
  readonly #pending = new Map<number, PendingCall>();
  #lastId = 0;
  /** Why it has ended. */
  #end: PlimsollError | undefined;

  constructor(socket: Socket, onNotification: NotificationHandler) {
    this.#socket = socket;
    this.#onNotification = onNotification;
    this.closed = new Promise((resolve) => {
      socket.once("close", () => {
        this.close(lost("the server closed the connection"));
        resolve(this.#end ?? lost("closed"));
      });
    });
    socket.on("error", (cause) => this.close(lost(errnoOf(cause) ?? cause.message, cause)));
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
  }

  call<T>(
    method: string,
    params: readonly unknown[],
    timeoutMs: number,
    parse: (result: unknown) => T,
  ): Promise<T> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    if (this.#pending.size >= MAX_PENDING) {
      return Promise.reject(
        new PlimsollError("OVSDB_BUSY", `ovsdb: ${MAX_PENDING} calls wait for an answer`),
      );
    }
    const id = ++this.#lastId;
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new PlimsollError("OVSDB_TIMEOUT", `ovsdb: no answer to ${method} within ${timeoutMs} ms`));
      }, timeoutMs);
      this.#pending.set(id, {
        resolve: (result) => {
          clearTimeout(timer);
          resolve(parse(result));
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      this.#send({ method, params, id });
    });
  }

  close(reason: PlimsollError): void {
    if (this.#end !== undefined) return;
    this.#end = reason;
    this.#socket.destroy();
    for (const call of this.#pending.values()) call.reject(reason);
    this.#pending.clear();
  }

  #send(message: Row): void {
    this.#socket.write(JSON.stringify(message));
  }

  #receive(chunk: Buffer): void {
    try {
      for (const message of this.#splitter.push(chunk)) this.#dispatch(message as Row);
    } catch (error) {
      if (!(error instanceof PlimsollError)) throw error;
      this.close(error);
    }
  }

  #dispatch(message: Row): void {
    if (this.#end !== undefined) return;
    const { id, method, params } = message;
    if (method === undefined) {
      this.#settle(message);
    } else if (typeof method !== "string" || !Array.isArray(params)) {
      throw new PlimsollError("OVSDB_PROTOCOL", "ovsdb sent a request without method or parameters");
    } else if (method === "echo") {
      // The server asks whether we live; it closes the connection of one that does not answer.
      this.#send({ id, result: params, error: null });
    } else {
      this.#onNotification(method, params);
    }
  }

  /** An answer to a call that has timed out is dropped. */
  #settle({ id, result, error }: Row): void {
    const call = typeof id === "number" ? this.#pending.get(id) : undefined;
    if (call === undefined || typeof id !== "number") return;
    this.#pending.delete(id);
    try {
      if (error !== null && error !== undefined) throw refused(error);
      call.resolve(result);
    } catch (cause) {
      call.reject(cause instanceof Error ? cause : new Error(String(cause)));
    }
  }
}

/** The error member is a string, or an object as transactions have it (RFC 7047 §3.1). */
function refused(error: unknown): PlimsollError {
  const why = isRow(error) ? [error.error, error.details].filter((part) => part !== undefined) : [error];
  return new PlimsollError("OVSDB_REFUSED", `ovsdb refused: ${why.map(String).join(": ")}`);
}

function lost(why: string, cause?: unknown): PlimsollError {
  return new PlimsollError("OVSDB_LOST", `ovsdb connection lost: ${why}`, { cause });
}

function unreachable(remote: NetConnectOpts, cause: unknown): PlimsollError {
  const where = "path" in remote ? remote.path : `${remote.host}:${remote.port}`;
  return new PlimsollError("OVSDB_UNREACHABLE", `no Open vSwitch database answers at ${where}`, {
    cause,
    hint: "start Open vSwitch (systemctl start openvswitch-switch)",
  });
}
