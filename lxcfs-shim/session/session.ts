import type { Logger } from "../../core/runtime/log.ts";
import { decodeRequest, type InitIn, type Request } from "../fuse/decode.ts";
import { encodeInit, encodeReply, REPLY_MAX_BYTES } from "../fuse/encode.ts";
import { ERRNO } from "../fuse/errno.ts";
import type { Caller, FileSystem, Operation, Reply } from "../fuse/operation.ts";
import { expectsReply, refusalOf } from "../fuse/refusals.ts";
import type { Transport } from "../transport/types.ts";
import type { Counters } from "./counters.ts";
import { negotiate } from "./negotiate.ts";
import { OncePerCause } from "./once-per-cause.ts";

export interface SessionOptions {
  readonly transport: Transport;
  readonly fileSystem: FileSystem;
  readonly counters: Counters;
  readonly log: Logger;
  /** Each operation at trace level. Building the lines costs more than serving, so it is decided here. */
  readonly traceOperations?: boolean;
  /** Called once INIT is answered: from here on the mount is served. */
  onReady(protocol: string): void;
}

/**
 * Serves one connection until it is unmounted: receive, decode, ask the file system, encode, send.
 * Whatever a request holds and whatever the file system does with it, its caller gets an answer and the session goes on.
 */
export function runSession(options: SessionOptions): void {
  const session = new Session(options);
  for (let message = options.transport.receive(); message !== undefined; ) {
    session.serve(message);
    message = options.transport.receive();
  }
}

class Session {
  readonly #options: SessionOptions;
  readonly #failures: OncePerCause;
  readonly #buffer = Buffer.allocUnsafeSlow(REPLY_MAX_BYTES);

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#failures = new OncePerCause(options.log);
  }

  serve(message: Buffer): void {
    const request = decodeRequest(message);
    if (request === undefined) {
      this.#failures.report("malformed", { bytes: message.length }, "request without a header dropped");
      return;
    }
    try {
      const reply = this.#answer(request);
      if (reply !== undefined && expectsReply(request.opcode)) this.#options.transport.send(reply);
    } catch (error) {
      this.#failures.report(
        `send ${request.opcode}`,
        { opcode: request.opcode, err: error },
        "reply refused",
      );
      this.#sendError(request.unique, ERRNO.EIO);
    }
  }

  #answer(request: Request): Buffer | undefined {
    const { body, unique } = request;
    switch (body.kind) {
      case "operation":
        return this.#encode(unique, this.#operate(body.operation, request.caller));
      case "init":
        return this.#initialise(unique, body.init);
      case "destroy":
        return this.#encode(unique, { kind: "done" });
      case "unsupported":
        return this.#encode(unique, { kind: "error", errno: refusalOf(request.opcode) });
      case "malformed":
        this.#failures.report(
          `malformed ${request.opcode}`,
          { opcode: request.opcode, reason: body.reason },
          "malformed request",
        );
        return this.#encode(unique, { kind: "error", errno: ERRNO.EINVAL });
    }
  }

  #operate(operation: Operation, caller: Caller): Reply {
    const { fileSystem, counters, log, traceOperations } = this.#options;
    let reply: Reply;
    try {
      reply = fileSystem.handle(operation, caller);
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      this.#failures.report(
        `${operation.kind}: ${cause}`,
        { operation, caller, err: error },
        "operation failed",
      );
      reply = { kind: "error", errno: ERRNO.EIO };
    }
    counters.add(operation.kind, reply.kind === "error");
    if (traceOperations === true) log.trace({ operation, caller, reply: summaryOf(reply) }, "operation");
    return reply;
  }

  #initialise(unique: Uint8Array, init: InitIn): Buffer | undefined {
    const { log, onReady } = this.#options;
    const result = negotiate(init);
    if (result.kind === "impossible") {
      log.error({ reason: result.reason }, "kernel too old");
      return this.#encode(unique, { kind: "error", errno: ERRNO.EPROTO });
    }
    const reply = encodeInit(this.#buffer, unique, result.reply);
    if (result.kind === "ask-again") return reply;
    this.#options.transport.send(reply);
    onReady(`${result.reply.major}.${result.reply.minor}`);
    return undefined;
  }

  #encode(unique: Uint8Array, reply: Reply): Buffer | undefined {
    return encodeReply(this.#buffer, unique, reply);
  }

  #sendError(unique: Uint8Array, errno: number): void {
    try {
      const reply = this.#encode(unique, { kind: "error", errno });
      if (reply !== undefined) this.#options.transport.send(reply);
    } catch (error) {
      this.#failures.report("send error", { err: error }, "error reply refused");
    }
  }
}

/** Without the file's text. */
function summaryOf(reply: Reply): Readonly<Record<string, unknown>> {
  if (reply.kind === "data") return { kind: reply.kind, bytes: reply.data.length };
  if (reply.kind === "entries") return { kind: reply.kind, entries: reply.entries.length };
  return { ...reply };
}
