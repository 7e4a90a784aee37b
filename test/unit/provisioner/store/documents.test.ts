import fc from "fast-check";
import { expect, test } from "vitest";
import { Fields, parseDocument } from "../../../../provisioner/store/documents.ts";

const store = { name: "/x/state.db" };
const fieldsOf = (value: unknown): Fields => new Fields(store, { key: "a/1", value });

test("fields of the right type are read", () => {
  const fields = fieldsOf({ text: "t", list: ["a"], count: 3, state: "on" });

  expect(fields.text("text")).toBe("t");
  expect(fields.optionalText("none")).toBeUndefined();
  expect(fields.texts("list")).toEqual(["a"]);
  expect(fields.integer("count", 0)).toBe(3);
  expect(fields.choice("state", ["on", "off"])).toBe("on");
  expect(fields.parsed("text", "a t", (text) => text.length)).toBe(1);
});

test.for([
  [(fields: Fields) => fields.text("none"), "none: nothing is not a text"],
  [(fields: Fields) => fields.optionalText("count"), "count: 1.5 is not a text"],
  [(fields: Fields) => fields.texts("list"), "list: [1] is not a list of texts"],
  [(fields: Fields) => fields.integer("count", 0), "count: 1.5 is not a whole number of 0 or more"],
  [(fields: Fields) => fields.integer("small", 1), "small: 0 is not a whole number of 1 or more"],
  [(fields: Fields) => fields.choice("state", ["on", "off"]), 'state: "up" is not one of on, off'],
  [
    (fields: Fields) => fields.parsed("state", "an address", () => undefined),
    'state: "up" is not an address',
  ],
] as [(fields: Fields) => unknown, string][])("%s", ([read, message]) => {
  const fields = fieldsOf({ list: [1], count: 1.5, small: 0, state: "up" });

  expect(() => read(fields)).toThrow(`store /x/state.db: a/1: ${message}`);
});

test("any document that is not an object is damage, named with what to do", () => {
  fc.assert(
    fc.property(
      fc.jsonValue().filter((value) => typeof value !== "object" || value === null),
      (value) => {
        expect(() => fieldsOf(value)).toThrow("store /x/state.db: a/1: not an object");
      },
    ),
  );
  expect(() => fieldsOf([])).toThrow("not an object");
});

test("a truncated text is damage", () => {
  const text = JSON.stringify({ state: "bound", owner: "é" });
  for (let length = 0; length < text.length; length++) {
    expect(() => parseDocument("s", "a/1", text.slice(0, length))).toThrow("store s: a/1: not valid JSON");
  }
  expect(parseDocument("s", "a/1", text)).toEqual({ state: "bound", owner: "é" });
});
