import fc from "fast-check";
import { expect, test } from "vitest";
import {
  encodeRecord,
  HEADER_BYTES,
  isIntact,
  type Piece,
  parseRecords,
  type SpoolEntry,
} from "../../../../core/runtime/spool-record.ts";

const entries: fc.Arbitrary<SpoolEntry[]> = fc.array(
  fc.record({
    id: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    samples: fc.integer({ min: 0, max: 0xffff_ffff }),
    timeMs: fc.integer({ min: 0, max: 8.64e15 }),
    // Bodies full of what a header begins with.
    body: fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.string({ maxLength: 9 }).map((text) => Buffer.from(`PSR1${text}PS`)),
    ),
  }),
  { maxLength: 6 },
);

function entriesOf(pieces: readonly Piece[]): SpoolEntry[] {
  return pieces
    .filter((piece) => piece.kind === "record")
    .filter(isIntact)
    .map(({ id, samples, timeMs, body }) => ({ id, samples, timeMs, body: Uint8Array.from(body) }));
}

const plain = (list: readonly SpoolEntry[]) =>
  list.map((each) => ({ ...each, body: Uint8Array.from(each.body) }));

test("one record, annotated", () => {
  const record = { id: 7, samples: 2, timeMs: 1000, body: Buffer.from("hello") };
  expect(encodeRecord(record).toString("hex")).toBe(
    [
      "50535231 00000000", // PSR1, waiting
      "05000000 02000000", // 5 bytes, 2 samples
      "0000000000001c40 0000000000408f40", // id 7, 1000 ms
      "4cbb719a 1632280b", // CRC of "hello", CRC of the header
      "68656c6c6f",
    ]
      .join("")
      .replaceAll(" ", ""),
  );
});

test("parse ∘ encode = id, from any base", () => {
  fc.assert(
    fc.property(entries, fc.nat(1000), (list, base) => {
      const { pieces, torn } = parseRecords(Buffer.concat(list.map(encodeRecord)), base);
      expect(entriesOf(pieces)).toEqual(plain(list));
      expect(torn).toBeUndefined();
      expect(pieces[0]?.start ?? base).toBe(base);
    }),
  );
});

test("cut at any byte: every whole record is there, the rest is the beginning of one", () => {
  fc.assert(
    fc.property(entries, fc.double({ min: 0, max: 1, noNaN: true }), (list, part) => {
      const bytes = Buffer.concat(list.map(encodeRecord));
      const cut = Math.floor(bytes.length * part);
      const { pieces, torn } = parseRecords(bytes.subarray(0, cut));
      expect(entriesOf(pieces)).toEqual(plain(list).slice(0, pieces.length));
      expect(torn?.start ?? cut).toBe(pieces.at(-1)?.end ?? 0);
      if (torn !== undefined) expect(torn.wanted).toBeGreaterThan(cut - torn.start);
    }),
  );
});

test("any bytes overwritten cost the records they hit, and no other", () => {
  fc.assert(
    fc.property(entries, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 90 }), (list, at, junk) => {
      const bytes = Buffer.concat(list.map(encodeRecord));
      if (bytes.length === 0) return;
      const start = at % bytes.length;
      bytes.set(junk.subarray(0, bytes.length - start), start);
      const { pieces, torn } = parseRecords(bytes);
      const found = entriesOf(pieces);
      let offset = 0;
      const untouched = plain(list).filter(({ body }) => {
        const from = offset;
        offset += HEADER_BYTES + body.length;
        return offset <= start || from >= start + junk.length;
      });
      for (const each of untouched) expect(found).toContainEqual(each);
      // Nothing is passed over without being reported.
      let covered = 0;
      for (const piece of pieces) {
        expect(piece.start).toBe(covered);
        covered = piece.end;
      }
      expect(torn?.start ?? bytes.length).toBe(covered);
    }),
    { numRuns: 500 },
  );
});
