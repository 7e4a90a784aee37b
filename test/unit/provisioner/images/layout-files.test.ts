import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openLayoutFiles } from "../../../../provisioner/images/layout-files.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { makeTar } from "../../../support/make-tar.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all).toString();
}

test("an archive's files, empty ones, and links to others", async () => {
  const archive = join(cleanup.temporaryFolder(), "a.tar");
  const link = { name: "two/layer.tar", type: "2", linkTarget: "../one/layer.tar" };
  writeFileSync(archive, makeTar([{ name: "one/layer.tar", content: "layer" }, link, { name: "empty" }]));
  const files = await openLayoutFiles(archive);

  expect((await files.read("one/layer.tar")).toString()).toBe("layer");
  expect(await collect(files.open("two/layer.tar"))).toBe("layer");
  expect(await collect(files.open("empty"))).toBe("");
  expect([await files.sizeBytes("empty"), await files.sizeBytes("none")]).toEqual([0, undefined]);
  expect(() => files.open("none")).toThrow("none is not in it");
});

test("a folder's files, and none outside of it", async () => {
  const folder = cleanup.temporaryFolder();
  mkdirSync(join(folder, "in"));
  writeFileSync(join(folder, "outside"), "secret");
  writeFileSync(join(folder, "in/file"), "content");
  const files = await openLayoutFiles(join(folder, "in"));

  expect([await files.sizeBytes("file"), await files.sizeBytes("none")]).toEqual([7, undefined]);
  expect(await collect(files.open("file"))).toBe("content");
  await expect(files.read("../outside")).rejects.toThrow();
});
