import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { PlimsollError } from "../../../../core/runtime/errors.ts";
import { normalize, readTar, type TarEntry } from "../../../../provisioner/images/tar.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { inPieces, makeTar } from "../../../support/make-tar.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

async function read(bytes: Uint8Array, pieces = 333, wanted = 1e6): Promise<readonly TarEntry[]> {
  const entries: TarEntry[] = [];
  for await (const entry of readTar("archive", inPieces(bytes, pieces), () => wanted)) entries.push(entry);
  return entries;
}

test.for(["ustar", "pax", "gnu", "oldgnu"])("what tar(1) writes as %s", async (format) => {
  const folder = cleanup.temporaryFolder();
  const long = `${"long".repeat(20)}/${"name".repeat(20)}`;
  mkdirSync(join(folder, long), { recursive: true });
  writeFileSync(join(folder, long, "file"), "content", { mode: 0o755 });
  writeFileSync(join(folder, "empty"), "");
  symlinkSync("empty", join(folder, "link"));
  const bytes = execFileSync("tar", ["-C", folder, `--format=${format}`, "-cf", "-", "."]);

  const entries = new Map((await read(bytes)).map((entry) => [entry.path, entry]));
  expect(entries.get(`${long}/file`)).toMatchObject({ kind: "file", mode: 0o755, sizeBytes: 7 });
  expect(entries.get(`${long}/file`)?.content.toString()).toBe("content");
  expect(entries.get("link")).toMatchObject({ kind: "link", linkTarget: "empty" });
  expect(entries.get(long)?.kind).toBe("folder");
  expect(entries.get("empty")?.content).toHaveLength(0);
  const { offset = 0 } = entries.get(`${long}/file`) ?? {};
  expect(bytes.toString("utf8", offset, offset + 7)).toBe("content");
});

test("only what is wanted of a content is kept", async () => {
  const [entry] = await read(makeTar([{ name: "a", content: "x".repeat(2000) }, { name: "b" }]), 100, 10);
  expect([entry?.content.toString(), entry?.sizeBytes]).toEqual(["x".repeat(10), 2000]);
});

test("names that lead out of the root have no path", async () => {
  const names = ["../a", "a/../../b", "/etc/passwd", "./b", "a/..b"];
  const entries = await read(makeTar(names.map((name) => ({ name }))));
  expect(entries.map(({ path }) => path)).toEqual([undefined, undefined, "etc/passwd", "b", "a/..b"]);
  expect(normalize("a\0b")).toBeUndefined();
});

test.for([
  ["no archive", Buffer.alloc(2048, "x"), "not a tar archive: a header with a wrong checksum"],
  [
    "one that ends in a content",
    makeTar([{ name: "a", content: "x".repeat(1000) }]).subarray(0, 600),
    "ends in the middle",
  ],
  ["a piece of a header", makeTar([{ name: "a" }]).subarray(0, 100), "ends in the middle"],
  ["a header of megabytes", bigExtension(), "a header of 2000000 bytes"],
] as const)("%s is refused", async ([, bytes, why]) => {
  await expect(read(bytes)).rejects.toThrow(why);
});

test.each(["1", "2", "3", "4", "5", "6", "\0"])(
  "no content follows a header of type %j, whatever it says",
  async (type) => {
    const hidden = makeTar([{ name: "hidden", mode: 0o4755 }]);
    const entries = await read(makeTar([{ name: "a/", type, content: hidden }]));
    expect(entries).toMatchObject([
      { path: "a", sizeBytes: 0 },
      { path: "hidden", mode: 0o4755 },
    ]);
  },
);

/** An archive of one file, with something else in a field of its header. */
function patched(at: number, field: string): Buffer {
  const bytes = makeTar([{ name: "a", content: "some content" }]);
  bytes.write(field, at, "latin1");
  bytes.write("        ", 148);
  const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return bytes;
}

test.each([
  ["binary", "\x80\0\0\0\0\0\x09\xed"],
  ["after a zero byte", "\x0004755\0\0"],
  ["between spaces", "  4755 \0"],
])("a mode that is written %s is read", async (_, field) => {
  expect((await read(patched(100, field)))[0]?.mode).toBe(0o4755);
});

test.each([
  ["a mode of no number", patched(100, "rwxr-xr-")],
  ["a mode below zero", patched(100, "\xff".repeat(8))],
  ["a mode beyond all numbers", patched(100, "\x90\0\0\0\0\0\x09\xed")],
  ["a size of no number", patched(124, "a lot")],
])("%s is refused", async (_, bytes) => {
  await expect(read(bytes)).rejects.toThrow("an entry without a");
});

test("what stands in place of a prefix is one where the archiver had such a thing", async () => {
  const gnu = (field: string): Buffer => {
    const bytes = patched(345, field);
    bytes.write("ustar  \0", 257);
    const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    const old = bytes.subarray(148, 156).reduce((total, byte) => total + byte, 0);
    bytes.write(`${(sum - old + 8 * 32).toString(8).padStart(6, "0")}\0 `, 148);
    return bytes;
  };
  expect((await read(patched(345, "usr/bin")))[0]?.path).toBe("usr/bin/a");
  expect((await read(gnu("14367012345\0")))[0]?.path).toBe("a"); // a time
  expect((await read(gnu("usr/bin")))[0]?.path).toBe("usr/bin/a");
});

const pax = (...records: readonly string[]): { name: string; type: string; content: string } => ({
  name: "pax",
  type: "x",
  content: records.map((record) => `${record.length + 4} ${record}\n`).join(""),
});

test("an entry of which things are said twice is refused: readers differ in what they believe", async () => {
  const long = { name: "long", type: "L", content: "named/by/gnu\0" };
  const named = pax("path=named/by/pax");
  for (const twice of [
    [named, long],
    [long, named],
    [named, named],
    [long, long],
  ])
    await expect(read(makeTar([...twice, { name: "a" }]))).rejects.toThrow("things are said twice");
  const link = { name: "link", type: "K", content: "target\0" };
  expect(await read(makeTar([long, link, { name: "a", type: "2" }, named, { name: "b" }]))).toMatchObject([
    { path: "named/by/gnu", linkTarget: "target" },
    { path: "named/by/pax" },
  ]);
});

test("a comment of the archive ends what was said of an entry, and a sparse file has a name of its own", async () => {
  const comment = { name: "g", type: "g", content: "" };
  expect((await read(makeTar([pax("path=other/name"), comment, { name: "a" }])))[0]?.path).toBe("a");
  const sparse = pax("GNU.sparse.major=1", "GNU.sparse.name=usr/bin/su", "path=GNUSparseFile.0/su");
  expect((await read(makeTar([sparse, { name: "a" }])))[0]?.path).toBe("usr/bin/su");
});

function bigExtension(): Buffer {
  return makeTar([{ name: "x", type: "x", content: "x".repeat(2_000_000) }]);
}

test("any cut and any change of a byte is an archive or an error of ours", async () => {
  const whole = makeTar([
    { name: "a/b", content: "some content" },
    { name: "c", type: "2", linkTarget: "a" },
  ]);
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), async (at, byte, end) => {
      const bytes = Buffer.from(whole.subarray(0, end));
      if (at < end) bytes[at] = byte;
      await read(bytes, 100).catch((error: unknown) => expect(error).toBeInstanceOf(PlimsollError));
    }),
  );
});
