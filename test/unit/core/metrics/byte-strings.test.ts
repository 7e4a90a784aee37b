import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteStrings } from "../../../../core/metrics/byte-strings.ts";

test("gives the bytes' own text, whatever shares its slot", () => {
  const strings = new ByteStrings((text) => text, 1);
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 80 }), (text) => {
      const bytes = Buffer.from(`<${text}>`);
      expect(strings.get(bytes, 1, bytes.length - 1)).toBe(text);
    }),
    { numRuns: 500 },
  );
});

test("a string is admitted once while it is held", () => {
  let admitted = 0;
  const strings = new ByteStrings((text) => {
    admitted++;
    return text;
  });
  for (let i = 0; i < 3; i++) strings.get(Buffer.from("instance"), 0, 8);
  expect(admitted).toBe(1);
});

test("what is not admitted is not held", () => {
  const strings = new ByteStrings((text) => {
    if (text === "bad") throw new Error("refused");
    return text;
  });
  for (let i = 0; i < 2; i++) expect(() => strings.get(Buffer.from("bad"), 0, 3)).toThrow("refused");
});
