import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { unpack } from "../../../../provisioner/images/unpack.ts";
import { inPieces } from "../../../support/make-tar.ts";

async function collect(bytes: Uint8Array, pieceBytes = 1000): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of unpack("layer", inPieces(bytes, pieceBytes))) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test("gzip or plain, by what it is", async () => {
  const content = randomBytes(100_000);
  expect(await collect(content)).toEqual(content);
  expect(await collect(gzipSync(content))).toEqual(content);
  expect(await collect(gzipSync(content), 1)).toEqual(content);
  expect(await collect(Buffer.alloc(0))).toHaveLength(0);
  expect(await collect(Buffer.from("x"))).toEqual(Buffer.from("x"));
});

test("what cannot be unpacked says why", async () => {
  await expect(collect(Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0]))).rejects.toThrow("layer: not valid zstd");
  await expect(collect(gzipSync(randomBytes(10_000)).subarray(0, 5000))).rejects.toThrow(
    "layer: not valid gzip",
  );
});

test("an error of the source stays one", async () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield gzipSync(randomBytes(10_000)).subarray(0, 5000);
    throw new Error("the line is cut");
  }
  const read = async (): Promise<void> => {
    for await (const _ of unpack("layer", broken()));
  };
  await expect(read()).rejects.toThrow("the line is cut");
});
