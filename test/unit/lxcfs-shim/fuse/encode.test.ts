import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeInit, encodeReply, REPLY_MAX_BYTES } from "../../../../lxcfs-shim/fuse/encode.ts";
import { ERRNO } from "../../../../lxcfs-shim/fuse/errno.ts";
import type { DirectoryEntry, Reply } from "../../../../lxcfs-shim/fuse/operation.ts";
import { bytes } from "../../../support/fuse-messages.ts";

const UNIQUE = bytes("06 00 00 00 00 00 00 80");
const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;

/** Into a buffer full of noise, so that a byte nobody wrote shows. */
function encode(reply: Reply): Buffer | undefined {
  return encodeReply(Buffer.alloc(REPLY_MAX_BYTES, 0xaa), UNIQUE, reply);
}

function header(length: string, error = "00 00 00 00"): string {
  return `${length} 00 00 00  ${error}  06 00 00 00 00 00 00 80\n`;
}

const ATTRIBUTES = {
  node: 0x1_0000_0002,
  mode: S_IFREG | 0o444,
  sizeBytes: 1500,
  links: 1,
  timeMs: 1_700_000_000_250,
};

const ATTRIBUTE_BYTES = `
  02 00 00 00 01 00 00 00           # ino
  dc 05 00 00 00 00 00 00           # size 1500
  03 00 00 00 00 00 00 00           # blocks of 512
  00 f1 53 65 00 00 00 00           # atime 1700000000
  00 f1 53 65 00 00 00 00           # mtime
  00 f1 53 65 00 00 00 00           # ctime
  80 b2 e6 0e  80 b2 e6 0e  80 b2 e6 0e   # 250000000 ns each
  24 81 00 00                       # mode 0100444
  01 00 00 00                       # nlink
  00 00 00 00  00 00 00 00          # uid, gid
  00 00 00 00                       # rdev
  00 10 00 00                       # blksize 4096
  00 00 00 00                       # flags`;

test("error", () => {
  expect(encode({ kind: "error", errno: ERRNO.ENOENT })).toEqual(bytes(header("10", "fe ff ff ff")));
});

test("done, and nothing at all", () => {
  expect(encode({ kind: "done" })).toEqual(bytes(header("10")));
  expect(encode({ kind: "none" })).toBeUndefined();
});

test("entry", () => {
  expect(encode({ kind: "entry", attributes: ATTRIBUTES, validMs: 1500, attributesValidMs: 500 })).toEqual(
    bytes(`${header("90")}
      02 00 00 00 01 00 00 00         # nodeid
      00 00 00 00 00 00 00 00         # generation
      01 00 00 00 00 00 00 00         # entry_valid 1 s
      00 00 00 00 00 00 00 00         # attr_valid 0 s
      00 65 cd 1d  00 65 cd 1d        # + 500000000 ns each
      ${ATTRIBUTE_BYTES}`),
  );
});

test("attributes", () => {
  expect(encode({ kind: "attributes", attributes: ATTRIBUTES, validMs: 0 })).toEqual(
    bytes(`${header("78")}
      00 00 00 00 00 00 00 00         # attr_valid
      00 00 00 00  00 00 00 00        # ns, dummy
      ${ATTRIBUTE_BYTES}`),
  );
});

test("opened", () => {
  const expected = (flags: string): Buffer =>
    bytes(`${header("20")} 07 00 00 00 00 00 00 00  ${flags} 00 00 00 00`);

  expect(encode({ kind: "opened", handle: 7, directIo: true })).toEqual(expected("01 00 00 00"));
  expect(encode({ kind: "opened", handle: 7, directIo: false })).toEqual(expected("00 00 00 00"));
});

test("data", () => {
  expect(encode({ kind: "data", data: Buffer.from("abc") })).toEqual(bytes(`${header("13")} 61 62 63`));
  expect(encode({ kind: "data", data: new Uint8Array(0) })).toEqual(bytes(header("10")));
  expect(encode({ kind: "data", data: new Uint8Array(128 * 1024) })).toHaveLength(REPLY_MAX_BYTES);
});

test("data longer than any READ is an error of ours, not a broken message", () => {
  expect(() => encode({ kind: "data", data: new Uint8Array(128 * 1024 + 1) })).toThrow(RangeError);
});

test("statfs", () => {
  expect(encode({ kind: "statfs" })).toEqual(
    bytes(`${header("60")}
      ${"00 ".repeat(40)}             # blocks, bfree, bavail, files, ffree
      00 10 00 00  ff 00 00 00  00 10 00 00   # bsize, namelen, frsize
      ${"00 ".repeat(28)}             # padding, spare`),
  );
});

const ENTRIES: readonly DirectoryEntry[] = [
  { node: 2, name: "proc", type: S_IFDIR },
  { node: 3, name: "overlong", type: S_IFREG },
];

test("entries, names padded to 8 bytes", () => {
  expect(encode({ kind: "entries", entries: ENTRIES, offset: 2, size: 4096 })).toEqual(
    bytes(`${header("50")}
      02 00 00 00 00 00 00 00  03 00 00 00 00 00 00 00   # ino, off: where to go on
      04 00 00 00  04 00 00 00  70 72 6f 63 00 00 00 00  # namelen, DT_DIR, "proc"
      03 00 00 00 00 00 00 00  04 00 00 00 00 00 00 00
      08 00 00 00  08 00 00 00  6f 76 65 72 6c 6f 6e 67  # DT_REG, no padding needed`),
  );
});

test("entries that do not fit are cut; the next call goes on behind the last one", () => {
  expect(encode({ kind: "entries", entries: ENTRIES, offset: 0, size: 63 })).toHaveLength(16 + 32);
  expect(encode({ kind: "entries", entries: ENTRIES, offset: 0, size: 64 })).toHaveLength(16 + 64);
  expect(encode({ kind: "entries", entries: ENTRIES, offset: 0, size: 31 })).toHaveLength(16);
});

/** What the kernel does with a listing (fuse_parse_dirent). */
function parseEntries(body: Buffer): readonly (DirectoryEntry & { readonly next: number })[] {
  const entries = [];
  for (let at = 0; at < body.length; ) {
    const nameBytes = body.readUInt32LE(at + 16);
    entries.push({
      node: Number(body.readBigUInt64LE(at)),
      next: Number(body.readBigUInt64LE(at + 8)),
      type: body.readUInt32LE(at + 20) << 12,
      name: body.toString("utf8", at + 24, at + 24 + nameBytes),
    });
    at += Math.ceil((24 + nameBytes) / 8) * 8;
  }
  return entries;
}

test("a listing read in pieces of any size has every entry once, in order", () => {
  const name = fc.stringMatching(/^[a-zä漢]{1,40}$/);
  fc.assert(
    fc.property(fc.array(name, { maxLength: 30 }), fc.integer({ min: 160, max: 600 }), (names, size) => {
      const all = names.map((each, index) => ({ node: index + 2, name: each, type: S_IFREG }));
      const seen: DirectoryEntry[] = [];
      for (let offset = 0; ; ) {
        const reply = encode({ kind: "entries", entries: all.slice(offset), offset, size });
        expect(reply?.length).toBeLessThanOrEqual(16 + size);
        const part = parseEntries((reply ?? Buffer.alloc(16)).subarray(16));
        if (part.length === 0) break;
        for (const { next, ...entry } of part) {
          seen.push(entry);
          offset = next;
        }
      }
      expect(seen).toEqual(all);
    }),
  );
});

test("times keep their milliseconds, numbers their 53 bits", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.nat(4_000_000_000_000), (sizeBytes, timeMs) => {
      const reply = encode({
        kind: "attributes",
        attributes: { ...ATTRIBUTES, sizeBytes, timeMs },
        validMs: timeMs,
      });
      const at = (offset: number): number => Number(reply?.readBigUInt64LE(16 + offset));
      const ns = (offset: number): number => reply?.readUInt32LE(16 + offset) ?? Number.NaN;
      expect(at(16 + 8)).toBe(sizeBytes);
      expect(at(16 + 32) * 1000 + ns(16 + 52) / 1e6).toBeCloseTo(timeMs, 5);
      expect(at(0) * 1000 + ns(8) / 1e6).toBeCloseTo(timeMs, 5);
    }),
  );
});

test("init", () => {
  const reply = encodeInit(Buffer.alloc(REPLY_MAX_BYTES, 0xaa), UNIQUE, {
    major: 7,
    minor: 45,
    maxReadaheadBytes: 0x20000,
    flags: 0x4024_0001,
    flags2: 0x80,
    maxBackground: 12,
    congestionThreshold: 9,
    maxWriteBytes: 4096,
    timeGranularityNs: 1,
  });

  expect(reply).toEqual(
    bytes(`${header("50")}
      07 00 00 00  2d 00 00 00      # 7.45
      00 00 02 00                   # max_readahead
      01 00 24 40                   # flags
      0c 00  09 00                  # max_background, congestion_threshold
      00 10 00 00                   # max_write
      01 00 00 00                   # time_gran
      00 00  00 00                  # max_pages, map_alignment
      80 00 00 00                   # flags2
      ${"00 ".repeat(28)}           # unused`),
  );
});
