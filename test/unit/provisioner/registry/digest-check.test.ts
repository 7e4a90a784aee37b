import { expect, test } from "vitest";
import { DigestCheck, digestOf } from "../../../../provisioner/registry/digest-check.ts";

const CONTENT = Buffer.from("some content");
const expected = { mediaType: "", digest: digestOf(CONTENT), sizeBytes: CONTENT.length };

async function* chunksOf(bytes: Uint8Array, length = 5): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

async function collect(chunks: AsyncIterable<Uint8Array>, into: Uint8Array[] = []): Promise<string> {
  for await (const chunk of chunks) into.push(chunk);
  return Buffer.concat(into).toString();
}

test("what was promised passes, in one go and in pieces of which some come twice", async () => {
  expect(await collect(new DigestCheck("blob", expected).pass(chunksOf(CONTENT), 0, 12))).toBe(
    "some content",
  );

  const check = new DigestCheck("blob", { ...expected, digest: digestOf(CONTENT, "sha512") });
  expect(await collect(check.pass(chunksOf(CONTENT.subarray(0, 8)), 0, 8))).toBe("some con");
  expect(await collect(check.pass(chunksOf(CONTENT.subarray(4)), 4, 12))).toBe(" content");
});

test("the end of a wrong content is never handed on", async () => {
  const wrong = Buffer.from("same content");
  const seen: Uint8Array[] = [];

  await expect(collect(new DigestCheck("blob", expected).pass(chunksOf(wrong), 0, 12), seen)).rejects.toThrow(
    `blob: its content is ${digestOf(wrong)}`,
  );
  expect(Buffer.concat(seen).length).toBeLessThan(12);
});

test("too short, too long, and nothing", async () => {
  const check = (): DigestCheck => new DigestCheck("blob", expected);
  await expect(collect(check().pass(chunksOf(CONTENT.subarray(1)), 0, 12))).rejects.toThrow(
    "ended after 11 of 12 bytes",
  );
  await expect(collect(check().pass(chunksOf(Buffer.alloc(13)), 0, 12))).rejects.toThrow(
    "longer than the 12 bytes",
  );
  const empty = new DigestCheck("blob", { mediaType: "", digest: digestOf(Buffer.alloc(0)), sizeBytes: 0 });
  expect(await collect(empty.pass(chunksOf(Buffer.alloc(0)), 0, 0))).toBe("");
});
