import fc from "fast-check";
import { expect, test } from "vitest";
import { PlimsollError } from "../../../../core/runtime/errors.ts";
import { JsonSplitter } from "../../../../provisioner/ovsdb/json-splitter.ts";

const failure = (text: string, maxBytes?: number): string => {
  try {
    new JsonSplitter(maxBytes).push(Buffer.from(text));
  } catch (error) {
    if (error instanceof PlimsollError) return `${error.code} ${error.message}`;
    throw error;
  }
  return "taken";
};

test("objects stand back to back; white space between them is allowed", () => {
  const split = new JsonSplitter().push(Buffer.from('{"id":1}{"a":[{}]} \n{"id":2}\n'));

  expect(split).toEqual([{ id: 1 }, { a: [{}] }, { id: 2 }]);
});

test("brackets and escaped quotes inside strings do not count", () => {
  const message = { a: '}]"\\', b: ['\\"{'], "{": "\u{1f6a2}" };

  expect(new JsonSplitter().push(Buffer.from(JSON.stringify(message)))).toEqual([message]);
});

test("any objects in any chunks come out whole and in order", () => {
  const messages = fc.array(fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue()), { maxLength: 6 });
  const cuts = fc.array(fc.nat(), { maxLength: 12 });

  fc.assert(
    fc.property(messages, cuts, (sent, places) => {
      const stream = Buffer.from(sent.map((message) => JSON.stringify(message)).join(""));
      const at = places.map((place) => place % (stream.length + 1)).sort((a, b) => a - b);
      const splitter = new JsonSplitter();
      const received = [...at, stream.length].flatMap((end, i) =>
        splitter.push(stream.subarray(at[i - 1] ?? 0, end)),
      );
      expect(JSON.stringify(received)).toBe(JSON.stringify(sent));
    }),
  );
});

test("any bytes give objects or one clear error", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(failure(text)).toMatch(/^(taken|OVSDB_PROTOCOL the peer does not speak OVSDB: )/);
    }),
  );
});

test("what is no JSON object is told", () => {
  const prefix = "OVSDB_PROTOCOL the peer does not speak OVSDB: ";
  expect(failure("HTTP/1.1 400 Bad Request")).toBe(`${prefix}not a JSON object: "HTTP/1.1 400 Bad Request"`);
  expect(failure("{]")).toBe(`${prefix}not JSON: "{]"`);
  expect(failure('{"id":1}}')).toBe(`${prefix}not a JSON object: "}"`);
  expect(failure('{"a":"long enough"', 10)).toBe(`${prefix}a message is longer than 10 bytes`);
});

test("the limit is of a message, not of a stream", () => {
  const splitter = new JsonSplitter(10);

  for (let i = 0; i < 100; i++) expect(splitter.push(Buffer.from('{"id":1}'))).toHaveLength(1);
});
