import type { Logger } from "../../core/runtime/log.ts";
import { FUSE_HAS_RESEND_FLAG2 } from "../fuse/abi.ts";
import { decodeRequest, type InitIn, type Request, type RequestBody } from "../fuse/decode.ts";
import { encodeInit, encodeReply, encodeResend, REPLY_MAX_BYTES } from "../fuse/encode.ts";
import { ERRNO } from "../fuse/errno.ts";
import type { Caller, FileSystem, Operation, Reply } from "../fuse/operation.ts";
import { expectsReply, refusalOf } from "../fuse/refusals.ts";
import type { InFlight } from "../succession/in-flight.ts";
import type { Transport } from "../transport/types.ts";
import type { Counters } from "./counters.ts";
import { DeviceTime } from "./device-time.ts";
import { FairShare, STRANGERS } from "./fair-share.ts";
import { negotiate, type Wishes } from "./negotiate.ts";
import { OncePerCause } from "./once-per-cause.ts";
import { openThreadClock, type ThreadClock } from "./thread-clock.ts";

export interface SessionOptions {
  readonly transport: Transport;
  readonly fileSystem: FileSystem;
  readonly counters: Counters;
  readonly log: Logger;
  /** Each operation at trace level. Building the lines costs more than serving, so it is decided here. */
  readonly traceOperations?: boolean;
  /** Where requests are recorded for a successor, if the kernel does not hand them out again. */
  readonly inFlight?: InFlight | undefined;
  /** What a server that is gone agreed on with the kernel: there will be no INIT. */
  readonly inherited?: Agreement | undefined;
  readonly wishes?: Wishes | undefined;
  /** Sends a reply after a while; without it, nobody's is held back. */
  readonly sendLater?: ((reply: Buffer, delayMs: number) => void) | undefined;
  /** Of the thread that serves: whose time is shared out. */
  readonly clock?: ThreadClock;
  /** Called once INIT is answered, or was by a predecessor: from here on the mount is served. */
  onReady(agreement: Agreement): void;
}

/** The outcome of INIT. */
export interface Agreement {
  /** FUSE version, `7.45`. */
  readonly protocol: string;
  /** The kernel hands requests out again that a dead server had received: FUSE_HAS_RESEND. */
  readonly resends: boolean;
}

/**
 * Serves one connection until it is unmounted: receive, decode, ask the file system, encode, send.
 * Whatever a request holds and whatever the file system does with it, its caller gets an answer and the session goes on.
 */
export function runSession(options: SessionOptions): void {
  const session = new Session(options);
  if (options.inherited !== undefined) session.takeOver(options.inherited);
  for (let message = options.transport.receive(); message !== undefined; ) {
    session.serve(message);
    message = options.transport.receive();
  }
}

class Session {
  readonly #options: SessionOptions;
  readonly #failures: OncePerCause;
  readonly #clock: ThreadClock;
  readonly #deviceTime: DeviceTime;
  readonly #fairShare = new FairShare();
  readonly #buffer = Buffer.allocUnsafeSlow(REPLY_MAX_BYTES);
  #isRecording = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#failures = new OncePerCause(options.log);
    this.#clock = options.clock ?? openThreadClock();
    this.#deviceTime = new DeviceTime(this.#clock);
  }

  /** Sees to the requests that the predecessor took with it. */
  takeOver(agreement: Agreement): void {
    const { transport, inFlight, onReady } = this.#options;
    this.#isRecording = !agreement.resends;
    const unanswered = this.#isRecording ? inFlight?.read() : undefined;
    if (agreement.resends) transport.send(encodeResend(this.#buffer));
    if (unanswered !== undefined) this.#recover(unanswered);
    onReady(agreement);
  }

  /**
   * Answers the last request on record, again if need be. It may also have been killed between receiving the next one and
   * recording it: nobody knows what that was, but its unique follows (FUSE_REQ_ID_STEP), and EINTR lets its caller ask again.
   */
  #recover(message: Buffer): void {
    const request = decodeRequest(message);
    if (request === undefined) return;
    this.#serve({ ...request, body: askedAgain(request.body) });
    const next = Buffer.alloc(8);
    next.writeBigUInt64LE(message.readBigUInt64LE(8) + UNIQUE_STEP);
    this.#sendError(next, ERRNO.EINTR);
  }

  serve(message: Buffer): void {
    if (this.#isRecording) this.#options.inFlight?.record(message);
    const request = decodeRequest(message);
    if (request === undefined) {
      this.#failures.report("malformed", { bytes: message.length }, "request without a header dropped");
      return;
    }
    this.#serve(request);
  }

  #serve(request: Request): void {
    try {
      const startMs = this.#clock.nowMs();
      const reply = this.#answer(request);
      if (reply !== undefined && expectsReply(request.opcode)) this.#send(reply, request.caller, startMs);
    } catch (error) {
      this.#failures.report(
        `send ${request.opcode}`,
        { opcode: request.opcode, err: error },
        "reply refused",
      );
      this.#sendError(request.unique, ERRNO.EIO);
    }
  }

  /**
   * A request held back would be lost with us, so none is where nobody hands it out again. A caller without a pid waits for
   * nothing; nor does anybody where nobody can be told from the others: by name, a crowd's requests are few, and not its own.
   */
  #send(reply: Buffer, caller: Caller, startMs: number): void {
    const { transport, fileSystem, sendLater } = this.#options;
    const isShared = sendLater !== undefined && fileSystem.ownerOf !== undefined;
    const mayWait = isShared && caller.pid !== 0 && !this.#isRecording;
    const delayMs = mayWait ? this.#delayOf(reply, caller, startMs) : 0;
    if (delayMs > 0) sendLater?.(reply, delayMs);
    else transport.send(reply);
  }

  /** Callers not known yet are taken together, until they have more than one's share. */
  #delayOf(reply: Buffer, caller: Caller, startMs: number): number {
    const { fileSystem } = this.#options;
    const owner = fileSystem.ownerOf?.(caller, this.#fairShare.isOver(STRANGERS)) ?? STRANGERS;
    const nowMs = this.#clock.nowMs();
    const seenMs = nowMs - startMs;
    return this.#fairShare.charge({
      owner,
      pid: caller.pid,
      tookMs: seenMs + this.#deviceTime.count(seenMs),
      bytes: reply.length,
      nowMs,
    });
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
    const { log, onReady, wishes } = this.#options;
    const result = negotiate(init, wishes);
    if (result.kind === "impossible") {
      log.error({ reason: result.reason }, "kernel too old");
      return this.#encode(unique, { kind: "error", errno: ERRNO.EPROTO });
    }
    const reply = encodeInit(this.#buffer, unique, result.reply);
    if (result.kind === "ask-again") return reply;
    this.#options.transport.send(reply);
    const { major, minor, flags2 } = result.reply;
    const agreement = { protocol: `${major}.${minor}`, resends: (flags2 & FUSE_HAS_RESEND_FLAG2) !== 0 };
    this.#isRecording = !agreement.resends;
    onReady(agreement);
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

/** FUSE_REQ_ID_STEP of fs/fuse/fuse_dev_i.h: the low bit marks interrupts. */
const UNIQUE_STEP = 2n;

function askedAgain(body: RequestBody): RequestBody {
  if (body.kind !== "operation" || body.operation.kind !== "read") return body;
  return { ...body, operation: { ...body.operation, again: true } };
}

/** Without the file's text. */
function summaryOf(reply: Reply): Readonly<Record<string, unknown>> {
  if (reply.kind === "data") return { kind: reply.kind, bytes: reply.data.length };
  if (reply.kind === "entries") return { kind: reply.kind, entries: reply.entries.length };
  return { ...reply };
}
