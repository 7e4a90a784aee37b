import fc from "fast-check";
import { expect, test } from "vitest";
import { type Frame, FrameSplitter } from "../../../../provisioner/docker/frames.ts";

function encode({ stream, bytes }: Frame): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream === "stderr" ? 2 : 1;
  header.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
}

const frames = fc.array(
  fc.record({
    stream: fc.constantFrom("stdout" as const, "stderr" as const),
    bytes: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  }),
);

test("frames come out as they went in, in pieces of any size", () => {
  fc.assert(
    fc.property(frames, fc.integer({ min: 1, max: 9 }), (sent, size) => {
      const wire = Buffer.concat(sent.map(encode));
      const splitter = new FrameSplitter();
      const got: Frame[] = [];
      for (let at = 0; at < wire.length; at += size) got.push(...splitter.push(wire.subarray(at, at + size)));

      expect(got).toEqual(sent);
    }),
  );
});
