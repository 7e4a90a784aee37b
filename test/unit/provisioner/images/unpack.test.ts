import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { isLayer, unpack } from "../../../../provisioner/images/unpack.ts";
import { inPieces, makeTar } from "../../../support/make-tar.ts";

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

test.each([
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]],
  ["bzip2", [0x42, 0x5a, 0x68, 0x39]],
])("what engines would unpack from %s is not taken for an archive", async (name, magic) => {
  const bytes = Buffer.concat([Buffer.from(magic), Buffer.alloc(1000)]);
  await expect(collect(bytes, 1)).rejects.toThrow(`layer: packed by ${name}, which is not read here`);
});

test("zstd may begin with a frame that is skipped", async () => {
  const skipped = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
  expect(await collect(skipped)).toHaveLength(0);
  await expect(collect(Buffer.concat([skipped, Buffer.from("rest")]))).rejects.toThrow("not valid zstd");
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

test("whether something could be unpacked as a layer, by its beginning", async () => {
  const tar = makeTar([{ name: "{", content: "x" }]);
  const is = (bytes: Uint8Array): Promise<boolean> => isLayer(inPieces(bytes, 100));
  for (const bytes of [tar, gzipSync(tar), Buffer.alloc(0), Buffer.alloc(1024), Buffer.from("BZh9")])
    expect(await is(bytes)).toBe(true);
  const signed = makeTar([{ name: "\u00e9", content: "x" }]);
  const sum = signed
    .subarray(0, 512)
    .reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : (byte << 24) >> 24), 0);
  signed.write(sum.toString(8).padStart(6, "0"), 148);
  expect(await is(signed)).toBe(true);
  for (const text of ['{"critical":{}}', "x".repeat(2000), '{"a":1}'.repeat(500)])
    expect(await is(Buffer.from(text))).toBe(false);
});
