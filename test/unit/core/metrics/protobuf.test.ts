import fc from "fast-check";
import { expect, test } from "vitest";
import { DecodeError } from "../../../../core/metrics/decode-error.ts";
import { ProtoReader, ProtoWriter, tagOf, WIRE } from "../../../../core/metrics/protobuf.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const reader = (text: string): ProtoReader => new ProtoReader(Buffer.from(text, "hex"));

test("the encoding guide's own examples", () => {
  const f = (want: string, write: (writer: ProtoWriter) => void): void => {
    const writer = new ProtoWriter(1);
    write(writer);
    expect(hex(writer.finish())).toBe(want);
  };
  f("089601", (w) => w.int64(1, 150));
  f("120774657374696e67", (w) => w.string(2, "testing"));
  f("1a03089601", (w) => {
    w.int64(1, 150);
    w.message(3, 0);
  });
  f("08feffffffffffffffff01", (w) => w.int64(1, -2));
  f("09000000000000f03f", (w) => w.double(1, 1));
  f("0a02c3a9", (w) => w.string(1, "é"));
});

test("int64 ∘ int64 = id for every exact number", () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (value) => {
      const writer = new ProtoWriter(1);
      writer.int64(1, value);
      const back = new ProtoReader(writer.finish());
      expect(back.tag()).toBe(tagOf(1, WIRE.varint));
      expect(back.int64()).toBe(value);
      expect(back.tag()).toBe(0);
    }),
    { examples: [[Number.MAX_SAFE_INTEGER], [Number.MIN_SAFE_INTEGER], [2 ** 31], [2 ** 32], [2 ** 35 - 1]] },
  );
});

test("strings survive, whatever is in them", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 300 }), (value) => {
      const writer = new ProtoWriter(1);
      writer.string(1, value);
      const back = new ProtoReader(writer.finish());
      back.tag();
      back.enter();
      expect(back.bytes.toString("utf8", back.at, back.end)).toBe(value);
    }),
  );
});

test("unknown fields of every wire type are passed over", () => {
  const back = reader("089601 1101020304050607 08 1a03616263 2501020304 3001".replaceAll(" ", ""));
  for (let tag = back.tag(); tag !== 0; tag = back.tag()) back.skip(tag);
  expect(back.at).toBe(back.end);
});

test("malformed input throws a DecodeError that says where", () => {
  const f = (want: string, bytes: string, read: (reader: ProtoReader) => void): void => {
    const back = reader(bytes);
    expect(() => read(back)).toThrow(new DecodeError("MALFORMED", want));
  };
  f("protobuf: truncated at byte 1", "96", (r) => r.uint32());
  f("protobuf: field number 0 at byte 1", "02", (r) => r.tag());
  f("protobuf: a number has more than ten bytes at byte 10", "ff".repeat(11), (r) => r.int64());
  f("protobuf: a number is out of range at byte 10", "ffffffffffffffffff01", (r) => r.uint32());
  f("protobuf: a number is out of range at byte 9", "ffffffffffffffff7f", (r) => r.int64());
  f("protobuf: a field runs over its end at byte 1", "0561", (r) => r.enter());
  f("protobuf: truncated at byte 0", "00000000", (r) => r.fixed64());
  f("protobuf: wire type 3 at byte 0", "00", (r) => r.skip(tagOf(1, 3)));
  f("protobuf: wire type 5 at byte 0", "0000", (r) => r.skip(tagOf(1, WIRE.fixed32)));
});

test("a nested message cannot read beyond its own end", () => {
  const inner = reader("0a019605");
  expect(inner.tag()).toBe(tagOf(1, WIRE.bytes));
  inner.enter();
  expect(() => inner.uint32()).toThrow(DecodeError);
});
