import fc from "fast-check";
import { expect, test } from "vitest";
import { readTar, type TarEntry } from "../../../../provisioner/images/tar.ts";
import { type WrittenEntry, writeTar } from "../../../../provisioner/images/write-tar.ts";
import { inPieces } from "../../../support/make-tar.ts";

async function collect(entries: readonly WrittenEntry[]): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeTar(entries)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function read(bytes: Buffer): Promise<readonly TarEntry[]> {
  const entries: TarEntry[] = [];
  for await (const entry of readTar("tar", inPieces(bytes, 700), () => Number.POSITIVE_INFINITY))
    entries.push(entry);
  return entries;
}

function file(path: string, content: Uint8Array, mode = 0o644): WrittenEntry {
  return { path, kind: "file", mode, sizeBytes: content.length, content };
}

test("what was written is read, however long its name is", async () => {
  const name = fc.stringMatching(/^[a-z0-9é]{1,80}$/);
  const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
  await fc.assert(
    fc.asyncProperty(path, path, fc.uint8Array({ maxLength: 1200 }), async (one, two, content) => {
      const written = [
        file(one, content, 0o755),
        { path: two, kind: "folder", mode: 0o750 },
        { path: "link", kind: "link", mode: 0o777, target: one },
      ] as const;
      const entries = await read(await collect(written));

      expect(entries.map(({ path: found, kind, mode }) => [found, kind, mode])).toEqual([
        [one, "file", 0o755],
        [two, "folder", 0o750],
        ["link", "link", 0o777],
      ]);
      expect(entries[0]?.content).toEqual(Buffer.from(content));
      expect(entries[2]?.linkTarget).toBe(one);
    }),
    { numRuns: 50 },
  );
});

test("equal entries give equal bytes, in whole blocks", async () => {
  const entries = [file("a", Buffer.from("a")), file("b".repeat(300), Buffer.alloc(0))];

  const bytes = await collect(entries);
  expect(bytes).toEqual(await collect(entries));
  expect(bytes.length % 512).toBe(0);
});

test.each([
  ["shorter", 4],
  ["longer", 2],
])("a file that has become %s while it was read", async (_, sizeBytes) => {
  await expect(collect([{ ...file("a", Buffer.from("abc")), sizeBytes }])).rejects.toThrow(
    "a: changed while it was read",
  );
});
