import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FUSE } from "../../../../lxcfs-shim/fuse/abi.ts";
import type { Caller, FileSystem, Operation, Reply } from "../../../../lxcfs-shim/fuse/operation.ts";
import { Counters } from "../../../../lxcfs-shim/session/counters.ts";
import { type Agreement, runSession, type SessionOptions } from "../../../../lxcfs-shim/session/session.ts";
import type { InFlight } from "../../../../lxcfs-shim/succession/in-flight.ts";
import { playBusyDevice } from "../../../support/busy-device.ts";
import { bytes, initBody, requestMessage, u32, u64 } from "../../../support/fuse-messages.ts";
import { openMemoryTransport } from "../../../support/memory-transport.ts";
import { recordLog } from "../../../support/record-log.ts";

const ENOSYS = -38;
const EIO = -5;
const EINVAL = -22;

function run(
  messages: readonly Buffer[],
  handle: FileSystem["handle"] = () => ({ kind: "done" }),
  options: Partial<SessionOptions> & { readonly refuse?: (reply: Buffer) => boolean } = {},
) {
  const transport = openMemoryTransport(messages, options.refuse);
  const counters = new Counters();
  const log = recordLog();
  const ready: Agreement[] = [];
  runSession({
    transport,
    fileSystem: { handle },
    counters,
    log,
    ...options,
    onReady: (agreement) => ready.push(agreement),
  });
  return { sent: transport.sent, counters: counters.read(), log: log.lines, ready };
}

const errorOf = (reply: Buffer | undefined): number | undefined => reply?.readInt32LE(4);
const uniqueOf = (reply: Buffer | undefined): bigint | undefined => reply?.readBigUInt64LE(8);
const lookup = (name: string): Buffer =>
  requestMessage({ opcode: FUSE.LOOKUP, body: Buffer.from(`${name}\0`) });

test("INIT is answered and told", () => {
  const { sent, ready } = run([requestMessage({ opcode: FUSE.INIT, unique: 2n, body: initBody(7, 38) })]);

  expect(ready).toEqual([{ protocol: "7.38", resends: true }]);
  expect(sent.map((reply) => reply.length)).toEqual([80]);
});

test("INIT of a newer major version is answered, the next one counts", () => {
  const init = (major: number, minor: number): Buffer =>
    requestMessage({ opcode: FUSE.INIT, body: initBody(major, minor) });
  const { sent, ready } = run([init(8, 3), init(7, 45)]);

  expect(ready).toEqual([{ protocol: "7.45", resends: true }]);
  expect(sent).toHaveLength(2);
});

test("a kernel too old is refused and said so", () => {
  const { sent, ready, log } = run([requestMessage({ opcode: FUSE.INIT, body: initBody(7, 9) })]);

  expect(ready).toEqual([]);
  expect(errorOf(sent[0])).toBe(-71);
  expect(log).toMatchObject([{ level: "error", message: "kernel too old" }]);
});

test("an operation reaches the file system with its caller, the answer goes back under the same unique", () => {
  const seen: [Operation, Caller][] = [];
  const body = Buffer.concat([u64(7, 5), u32(100, 0)]);
  const { sent, counters } = run(
    [requestMessage({ opcode: FUSE.READ, unique: 0x8000_0000_0000_0003n, node: 9, pid: 42, body })],
    (operation, caller) => {
      seen.push([operation, caller]);
      return { kind: "data", data: Buffer.from("text") };
    },
  );

  expect(seen).toEqual([
    [
      { kind: "read", node: 9, handle: 7, offset: 5, size: 100, isDirect: false },
      { pid: 42, uid: 0, gid: 0 },
    ],
  ]);
  expect(uniqueOf(sent[0])).toBe(0x8000_0000_0000_0003n);
  expect(sent[0]?.toString("utf8", 16)).toBe("text");
  expect(counters).toEqual({ read: { count: 1, errors: 0 } });
});

test("FORGET is told to the file system and never answered", () => {
  const { sent, counters } = run([requestMessage({ opcode: FUSE.FORGET, body: u64(1) })]);

  expect(sent).toEqual([]);
  expect(counters).toEqual({ forget: { count: 1, errors: 0 } });
});

test("FLUSH, INTERRUPT and the unknown are refused for good, DESTROY is confirmed", () => {
  const { sent } = run(
    [FUSE.FLUSH, FUSE.INTERRUPT, 4711, FUSE.DESTROY].map((opcode) => requestMessage({ opcode })),
  );

  expect(sent.map(errorOf)).toEqual([ENOSYS, ENOSYS, ENOSYS, 0]);
});

test("an exception costs its caller EIO and the log one line, however often it happens", () => {
  const { sent, log, counters } = run(
    Array.from({ length: 9 }, () => lookup("x")),
    () => {
      throw new Error("no such thing");
    },
  );

  expect(sent.map(errorOf)).toEqual(Array.from({ length: 9 }, () => EIO));
  expect(log).toHaveLength(1);
  expect(log[0]).toMatchObject({ level: "error", message: "operation failed", fields: { count: 1 } });
  expect(counters).toEqual({ lookup: { count: 9, errors: 9 } });
});

test("an answer that cannot be put on the wire becomes EIO", () => {
  const { sent, log } = run([lookup("x")], () => ({ kind: "data", data: new Uint8Array(1 << 20) }));

  expect(sent.map(errorOf)).toEqual([EIO]);
  expect(log).toMatchObject([{ message: "reply refused" }]);
});

test("an answer the kernel refuses becomes EIO, so that its caller does not wait for ever", () => {
  const { sent } = run([lookup("x")], () => ({ kind: "data", data: Buffer.from("wrong") }), {
    refuse: (reply) => reply.length > 16,
  });

  expect(sent.map(errorOf)).toEqual([EIO]);
});

test("a kernel that refuses everything does not end the session", () => {
  const { sent, log } = run([lookup("x"), lookup("y")], undefined, { refuse: () => true });

  expect(sent).toEqual([]);
  expect(log.map(({ message }) => message)).toEqual(["reply refused", "error reply refused"]);
});

test("a malformed request gets EINVAL, less than a header nothing, the next one its answer", () => {
  const { sent, log } = run([requestMessage({ opcode: FUSE.READ }), Buffer.alloc(3), lookup("x")]);

  expect(sent.map(errorOf)).toEqual([EINVAL, 0]);
  expect(log.map(({ message }) => message)).toEqual([
    "malformed request",
    "request without a header dropped",
  ]);
});

describe("a session that takes over", () => {
  const read = (unique: bigint): Buffer =>
    requestMessage({ opcode: FUSE.READ, unique, body: Buffer.concat([u64(7, 5), u32(100, 0)]) });

  /** Remembers like in-flight.ts, without a file. */
  function inFlightOf(last?: Buffer) {
    const recorded: Buffer[] = [];
    const inFlight: InFlight = { record: (message) => recorded.push(Buffer.from(message)), read: () => last };
    return { recorded, inFlight };
  }

  test("serves at once, and has the kernel hand out again what it can", () => {
    const { recorded, inFlight } = inFlightOf(read(8n));
    const inherited = { protocol: "7.45", resends: true };
    const { sent, ready } = run([lookup("x")], undefined, { inherited, inFlight });

    expect(ready).toEqual([inherited]);
    expect(sent[0]).toEqual(bytes("10 00 00 00  07 00 00 00  00 00 00 00 00 00 00 00"));
    expect(sent).toHaveLength(2);
    expect(recorded).toEqual([]);
  });

  test("answers the request on record where the kernel cannot, and lets one that was lost ask again", () => {
    const { recorded, inFlight } = inFlightOf(read(8n));
    const inherited = { protocol: "7.31", resends: false };
    const seen: Operation[] = [];
    const handle = (operation: Operation): Reply => {
      seen.push(operation);
      return { kind: "data", data: Buffer.from("text") };
    };
    const { sent } = run([read(12n)], handle, { inherited, inFlight });

    expect(sent.map((reply) => [uniqueOf(reply), errorOf(reply)])).toEqual([
      [8n, 0],
      [10n, -4],
      [12n, 0],
    ]);
    expect(seen.map((operation) => operation.kind === "read" && operation.again)).toEqual([true, undefined]);
    expect(recorded).toEqual([read(12n)]);
  });

  test("has nothing to answer where nothing was asked", () => {
    const { inFlight } = inFlightOf();
    const inherited = { protocol: "7.31", resends: false };

    expect(run([], undefined, { inherited, inFlight }).sent).toEqual([]);
  });

  test("requests are recorded when the kernel, or we, do not resend", () => {
    const { recorded, inFlight } = inFlightOf();
    const init = requestMessage({ opcode: FUSE.INIT, body: initBody(7, 45) });
    const { ready } = run([init, lookup("x")], undefined, { inFlight, wishes: { mayResend: false } });

    expect(ready).toEqual([{ protocol: "7.45", resends: false }]);
    expect(recorded).toEqual([lookup("x")]);
  });
});

test("operations are traced only when asked to", () => {
  const entries: Reply = { kind: "entries", entries: [], offset: 0, size: 10 };
  const listing = requestMessage({ opcode: FUSE.READDIR, body: Buffer.concat([u64(0, 0), u32(10, 0)]) });

  expect(run([listing], () => entries).log).toEqual([]);
  expect(run([listing], () => entries, { traceOperations: true }).log).toMatchObject([
    { level: "trace", fields: { operation: { kind: "readdir" }, reply: { kind: "entries", entries: 0 } } },
  ]);
});

test("whatever arrives, each request but FORGET is answered once under its own unique", () => {
  const opcode = fc.oneof(fc.constantFrom(...Object.values(FUSE)), fc.nat(5000));
  const request = fc.tuple(opcode, fc.uint8Array({ maxLength: 96 }));
  fc.assert(
    fc.property(fc.array(request, { maxLength: 20 }), (requests) => {
      const messages = requests.map(([code, body], index) =>
        requestMessage({ opcode: code, unique: BigInt(index + 1), body: Buffer.from(body) }),
      );
      const unanswered = new Set<number>([FUSE.FORGET, FUSE.BATCH_FORGET, FUSE.NOTIFY_REPLY]);
      const expected = requests.flatMap(([code], index) => (unanswered.has(code) ? [] : [BigInt(index + 1)]));

      expect(run(messages).sent.map(uniqueOf)).toEqual(expected);
    }),
  );
});

describe("who asks for more than a share", () => {
  const requestOf = (pid: number, name: string): Buffer =>
    requestMessage({ opcode: FUSE.LOOKUP, pid, body: Buffer.from(`${name}\0`) });

  type Owners = Pick<FileSystem, "ownerOf">;
  const OWNERS: Owners = { ownerOf: ({ pid }) => (pid < 100 ? "victim" : "hostile") };

  function runShared(messages: readonly Buffer[], wishes = {}, owners = OWNERS) {
    const transport = openMemoryTransport(messages);
    const late: number[] = [];
    let nowMs = 0;
    runSession({
      transport,
      clock: { nowMs: () => nowMs, busyMs: () => nowMs },
      fileSystem: {
        handle: (operation) => {
          if (operation.kind === "lookup" && operation.name === "slow") nowMs += 25;
          return { kind: "done" };
        },
        ...owners,
      },
      counters: new Counters(),
      log: recordLog(),
      wishes,
      sendLater: (_, delayMs) => late.push(delayMs),
      onReady: () => {},
    });
    return { sent: transport.sent.length, late };
  }

  /** A container of so many readers that they are a crowd. */
  const hostile = Array.from({ length: 20 }, (_, index) =>
    requestOf(100 + index, index === 0 ? "slow" : "x"),
  );

  test("is answered later while others ask; the others at once", () => {
    const { sent, late } = runShared([requestOf(99, "x"), ...hostile, requestOf(99, "x")]);

    expect(sent).toBe(2 + 7);
    expect(late.every((delayMs) => delayMs > 0)).toBe(true);
    expect(late).toHaveLength(13);
  });

  test("is answered at once when nobody else asks, or nobody would hand out the request again", () => {
    const init = requestMessage({ opcode: FUSE.INIT, unique: 2n, body: initBody(7, 38) });

    expect(runShared(hostile)).toEqual({ sent: 20, late: [] });
    expect(runShared([init, requestOf(99, "x"), ...hostile], { mayResend: false })).toEqual({
      sent: 22,
      late: [],
    });
  });

  test("is answered at once where nobody can be told from the others", () => {
    const messages = [requestOf(99, "x"), ...hostile, requestOf(99, "x")];

    expect(runShared(messages, {}, {})).toEqual({ sent: 22, late: [] });
  });
});

describe("what a crowd takes of the thread is counted with the device's part, whatever that is", () => {
  const CROWD = 240;
  /** Once that is measured, and the crowd's time of grace is over. */
  const later = <T>(values: readonly T[]): readonly T[] => values.slice(values.length >> 1);

  test.for([0.02, 0.1])(
    "%d ms a request: a quiet reader of another container is not behind it",
    (deviceMs) => {
      const { ahead, crowdShare } = playBusyDevice({ crowd: CROWD, deviceMs, handleMs: 0.001, forMs: 1000 });

      expect(Math.max(...later(ahead))).toBeLessThan(CROWD / 10);
      expect(crowdShare).toBeGreaterThan(0.3);
    },
  );

  test("until it is held back, a crowd is all ahead: that is what is counted here", () => {
    const { ahead } = playBusyDevice({ crowd: CROWD, deviceMs: 0.001, handleMs: 0.001, forMs: 1 });

    expect(Math.max(...ahead)).toBe(CROWD);
  });
});
