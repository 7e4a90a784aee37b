import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FUSE, FUSE_READ_LOCKOWNER } from "../../../../lxcfs-shim/fuse/abi.ts";
import { decodeRequest, type RequestBody } from "../../../../lxcfs-shim/fuse/decode.ts";
import type { Operation } from "../../../../lxcfs-shim/fuse/operation.ts";
import { bytes, initBody, requestMessage, u32, u64 } from "../../../support/fuse-messages.ts";

function bodyOf(message: Buffer): RequestBody | undefined {
  return decodeRequest(message)?.body;
}

describe("the bytes of each operation, as Linux 6.18 sends them", () => {
  const header = (length: string, opcode: string): string => `
    ${length} 00 00 00                # len
    ${opcode} 00 00 00                # opcode
    06 00 00 00 00 00 00 80           # unique, top bit set: re-sent (FUSE_UNIQUE_RESEND)
    02 00 00 00 01 00 00 00           # nodeid 0x1_0000_0002
    e8 03 00 00  64 00 00 00          # uid 1000, gid 100
    67 12 00 00                       # pid 4711
    00 00 00 00                       # no extensions
    `;
  const node = 0x1_0000_0002;
  const range = `
    07 00 00 00 00 00 00 00           # fh 7
    01 10 00 00 00 00 00 00           # offset 4097
    00 00 02 00  00 00 00 00          # size 131072, read_flags
    00 00 00 00 00 00 00 00           # lock_owner
    00 80 00 00  00 00 00 00          # flags O_LARGEFILE, padding`;

  const cases: readonly (readonly [string, string, Operation])[] = [
    [
      "LOOKUP",
      `${header("30", "01")} 6d 65 6d 69 6e 66 6f 00   # "meminfo"`,
      { kind: "lookup", parent: node, name: "meminfo" },
    ],
    [
      "LOOKUP of a name that is not ASCII",
      `${header("2b", "01")} c3 a4 00`,
      { kind: "lookup", parent: node, name: "ä" },
    ],
    [
      "FORGET",
      `${header("30", "02")} 03 00 00 00 00 00 00 00   # nlookup`,
      { kind: "forget", nodes: [{ node, count: 3 }] },
    ],
    [
      "BATCH_FORGET",
      `${header("50", "2a")} 02 00 00 00  00 00 00 00  # count, dummy
       05 00 00 00 00 00 00 00  01 00 00 00 00 00 00 00
       06 00 00 00 00 00 00 00  02 00 00 00 00 00 00 00`,
      {
        kind: "forget",
        nodes: [
          { node: 5, count: 1 },
          { node: 6, count: 2 },
        ],
      },
    ],
    [
      "GETATTR",
      `${header("38", "03")} 00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00`,
      { kind: "getattr", node },
    ],
    ["READLINK", header("28", "05"), { kind: "readlink", node }],
    [
      "OPEN",
      `${header("30", "0e")} 01 80 00 00  00 00 00 00  # O_WRONLY | O_LARGEFILE, open_flags`,
      { kind: "open", node, flags: 0o100001 },
    ],
    [
      "READ",
      `${header("50", "0f")} ${range}`,
      { kind: "read", node, handle: 7, offset: 4097, size: 131072, isDirect: false },
    ],
    [
      "RELEASE",
      `${header("40", "12")} 07 00 00 00 00 00 00 00  00 80 00 00  00 00 00 00  00 00 00 00 00 00 00 00`,
      { kind: "release", node, handle: 7 },
    ],
    ["OPENDIR", `${header("30", "1b")} 00 80 01 00  00 00 00 00`, { kind: "opendir", node }],
    [
      "READDIR",
      `${header("50", "1c")} ${range}`,
      { kind: "readdir", node, handle: 7, offset: 4097, size: 131072 },
    ],
    [
      "RELEASEDIR",
      `${header("40", "1d")} 07 00 00 00 00 00 00 00  00 00 01 00  00 00 00 00  00 00 00 00 00 00 00 00`,
      { kind: "releasedir", node, handle: 7 },
    ],
    ["STATFS", header("28", "11"), { kind: "statfs", node }],
  ];

  test.each(cases)("%s", (_, text, operation) => {
    const request = decodeRequest(bytes(text));

    expect(request?.body).toEqual({ kind: "operation", operation });
    expect(request?.caller).toEqual({ pid: 4711, uid: 1000, gid: 100 });
    expect([...(request?.unique ?? [])]).toEqual([6, 0, 0, 0, 0, 0, 0, 0x80]);
  });

  test("INIT", () => {
    const init = { major: 7, minor: 45, maxReadaheadBytes: 0x20000, flags: 0x73ff_fffb, flags2: 0x0000_07fd };

    expect(
      bodyOf(requestMessage({ opcode: FUSE.INIT, body: initBody(7, 45, 0x73ff_fffb, 0x0000_07fd) })),
    ).toEqual({ kind: "init", init });
  });

  test("INIT from a kernel without FUSE_INIT_EXT has no flags2", () => {
    const body = u32(7, 31, 0x20000, 0x00ff_fffb);

    expect(bodyOf(requestMessage({ opcode: FUSE.INIT, body }))).toMatchObject({
      init: { minor: 31, flags2: 0 },
    });
  });

  test("DESTROY", () => {
    expect(bodyOf(requestMessage({ opcode: FUSE.DESTROY }))).toEqual({ kind: "destroy" });
  });
});

describe("what is not as it should be", () => {
  test("an opcode that is no operation is unsupported, known or not", () => {
    for (const opcode of [FUSE.WRITE, FUSE.SETXATTR, FUSE.STATX, 0, 53, 0xffff_ffff]) {
      expect(bodyOf(requestMessage({ opcode }))).toEqual({ kind: "unsupported" });
    }
  });

  test("fewer bytes than a header cannot even be answered", () => {
    for (let length = 0; length < 40; length++) expect(decodeRequest(Buffer.alloc(length))).toBeUndefined();
  });

  test("a length that is not the message's", () => {
    const message = requestMessage({ opcode: FUSE.STATFS });
    message.writeUInt32LE(41, 0);

    expect(bodyOf(message)).toEqual({ kind: "malformed", reason: "length says 41, got 40 bytes" });
  });

  test("extensions longer than the message", () => {
    const message = requestMessage({ opcode: FUSE.STATFS });
    message.writeUInt16LE(1, 36);

    expect(bodyOf(message)).toMatchObject({ kind: "malformed" });
  });

  test("an extension behind the body is left out of it", () => {
    const message = requestMessage({
      opcode: FUSE.LOOKUP,
      body: Buffer.concat([Buffer.from("a\0"), Buffer.alloc(8, 0xff)]),
    });
    message.writeUInt16LE(1, 36);

    expect(bodyOf(message)).toMatchObject({ operation: { name: "a" } });
  });

  test("names that are none", () => {
    for (const name of ["", "a", "\0", "\0\0", "a\0b\0", "a\0b"]) {
      const body = bodyOf(requestMessage({ opcode: FUSE.LOOKUP, body: Buffer.from(name) }));
      expect(body, JSON.stringify(name)).toMatchObject({ kind: "malformed" });
    }
  });

  test("more forgets announced than there are", () => {
    const body = Buffer.concat([u32(2, 0), u64(5, 1)]);

    expect(bodyOf(requestMessage({ opcode: FUSE.BATCH_FORGET, body }))).toEqual({
      kind: "malformed",
      reason: "2 forgets in 24 bytes",
    });
  });

  test("any bytes decode to a request or to nothing, never to an exception", () => {
    const opcode = fc.oneof(fc.constantFrom(...Object.values(FUSE)), fc.nat(0xffff_ffff));
    const honest = fc.tuple(opcode, fc.uint8Array({ maxLength: 128 })).map(([code, body]) => {
      return requestMessage({ opcode: code, body: Buffer.from(body) });
    });
    const any = fc.uint8Array({ maxLength: 200 }).map((raw) => Buffer.from(raw));
    fc.assert(
      fc.property(fc.oneof(honest, any), (message) => {
        const request = decodeRequest(message);
        expect(request === undefined).toBe(message.length < 40);
        if (request?.body.kind === "operation") {
          for (const value of Object.values(request.body.operation)) expect(value).not.toBeNaN();
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("a request cut short is malformed, never misread", () => {
    const whole = requestMessage({ opcode: FUSE.READ, body: Buffer.concat([u64(7, 4096), u32(10, 0)]) });
    for (let length = 40; length < whole.length; length++) {
      const cut = Buffer.from(whole.subarray(0, length));
      cut.writeUInt32LE(length, 0);
      expect(bodyOf(cut)).toMatchObject({ kind: "malformed" });
    }
  });
});

test("decode ∘ encode = id for every operation with a range", () => {
  const safe = fc.maxSafeNat();
  fc.assert(
    fc.property(
      safe,
      safe,
      safe,
      fc.nat(0xffff_ffff),
      fc.boolean(),
      (node, handle, offset, size, isDirect) => {
        const lockOwner = isDirect ? FUSE_READ_LOCKOWNER : 0;
        const body = Buffer.concat([u64(handle, offset), u32(size, lockOwner), u64(0), u32(0, 0)]);
        expect(bodyOf(requestMessage({ opcode: FUSE.READ, node, body }))).toEqual({
          kind: "operation",
          operation: { kind: "read", node, handle, offset, size, isDirect },
        });
      },
    ),
  );
});
