import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { unzstd } from "../../../../provisioner/images/unzstd.ts";
import { hasCommand, testIf } from "../../../support/host.ts";
import { inPieces } from "../../../support/make-tar.ts";

async function collect(bytes: Uint8Array, pieceBytes = 1000): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of unzstd("layer", inPieces(bytes, pieceBytes))) chunks.push(chunk);
  return Buffer.concat(chunks);
}
const zstd = (content: Uint8Array, ...options: readonly string[]): Buffer =>
  execFileSync("zstd", ["-q", "-c", ...options], { input: content, maxBuffer: 2 ** 26 });
const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
/** One block of so many zeros, in a frame with a window of 1 MiB. */
const zeros = (sizeBytes: number, isLast: boolean): readonly number[] => {
  const head = (sizeBytes << 3) | (1 << 1) | Number(isLast);
  return [head & 255, (head >> 8) & 255, head >> 16, 0];
};

testIf(hasCommand("zstd"))("what zstd has packed, at any level, in one frame or several", async () => {
  const noise = randomBytes(300_000);
  const text = Buffer.from(noise.toString("hex").repeat(4));
  const content = Buffer.concat([noise, Buffer.alloc(3_000_000), text]);
  for (const options of [["-1"], ["-3", "--no-check"], ["-19", "--long=27"], ["--fast=5"]])
    expect((await collect(zstd(content, ...options), 7777)).equals(content)).toBe(true);
  const table = Buffer.concat([Buffer.from([0x5e, 0x2a, 0x4d, 0x18, 5, 0, 0, 0]), Buffer.from("table")]);
  const several = Buffer.concat([zstd(noise), zstd(text), table, zstd(Buffer.alloc(0)), table]);
  expect((await collect(several)).equals(Buffer.concat([noise, text]))).toBe(true);
  expect((await collect(zstd(noise.subarray(0, 3)), 1)).equals(noise.subarray(0, 3))).toBe(true);
});

testIf(hasCommand("zstd"))("what is cut off or changed is told, wherever", async () => {
  const packed = zstd(Buffer.from(randomBytes(2000).toString("hex")));
  for (let length = 5; length < packed.length; length += 37)
    await expect(collect(packed.subarray(0, length))).rejects.toThrow(
      /layer: (not valid zstd|ends in the middle)/,
    );
  await expect(collect(Buffer.concat([packed, Buffer.from("more")]))).rejects.toThrow(
    "what follows a frame is none",
  );
});

test("a bomb comes in pieces, and memory for its window is not taken", async () => {
  const blocks = Array.from({ length: 2000 }, (_, at) => zeros(2 ** 17, at === 1999)).flat();
  let largest = 0;
  let bytes = 0;
  for await (const chunk of unzstd("layer", inPieces(Buffer.from([...MAGIC, 0, 80, ...blocks]), 100_000))) {
    largest = Math.max(largest, chunk.length);
    bytes += chunk.length;
  }
  expect([largest, bytes]).toEqual([2 ** 17, 2000 * 2 ** 17]);
  await expect(collect(Buffer.from([...MAGIC, 0, 0xf8, ...zeros(1, true)]))).rejects.toThrow(
    /a window of \d+ bytes/,
  );
  await expect(collect(Buffer.from([...MAGIC, 0, 80, ...zeros(2 ** 17 + 1, true)]))).rejects.toThrow(
    "a block of 131073",
  );
  await expect(collect(Buffer.from([...MAGIC, 1, 80, 7, ...zeros(1, true)]))).rejects.toThrow(
    "it needs a dictionary",
  );
});

test("frames without end leave others their turn", async () => {
  const empty = [...MAGIC, 0xa0, 0, 0, 0, 8, 1, 0, 0]; // 128 MiB are announced
  let turns = 0;
  const take = (): void => {
    turns++;
    next = setImmediate(take);
  };
  let next = setImmediate(take);
  await collect(Buffer.from(Array.from({ length: 20 }, () => empty).flat()), 1e6);
  clearImmediate(next);
  expect(turns).toBeGreaterThan(10);
});
