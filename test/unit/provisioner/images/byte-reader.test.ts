import { expect, test } from "vitest";
import { ByteReader } from "../../../../provisioner/images/byte-reader.ts";
import { inPieces } from "../../../support/make-tar.ts";

test("taken and skipped across pieces, none at the end", async () => {
  const reader = new ByteReader("stream", inPieces(Buffer.from("0123456789"), 3));
  expect((await reader.take(4)).toString()).toBe("0123");
  await reader.skip(3);
  expect([(await reader.take(3)).toString(), reader.position]).toEqual(["789", 10]);
  expect(await reader.take(5)).toHaveLength(0);
});

test("an end in the middle", async () => {
  const open = () => new ByteReader("stream", inPieces(Buffer.from("0123456789"), 3));
  await expect(open().take(11)).rejects.toThrow("stream: ends in the middle, after 10 bytes");
  await expect(open().skip(11)).rejects.toThrow("stream: ends in the middle, after 10 bytes");
});

test("the rest passes by", async () => {
  const reader = new ByteReader("stream", inPieces(Buffer.from("0123456789"), 3));
  await reader.take(1);
  await reader.drain();
  expect(reader.position).toBe(10);
});

test("a stream without an end is a bomb", async () => {
  async function* endless(): AsyncGenerator<Uint8Array> {
    const gibibyte = { length: 2 ** 30, subarray: () => new Uint8Array() } as unknown as Uint8Array;
    for (;;) yield gibibyte;
  }
  await expect(new ByteReader("stream", endless()).drain()).rejects.toThrow(
    "unpacks to more than 68719476736 bytes",
  );
});
