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
