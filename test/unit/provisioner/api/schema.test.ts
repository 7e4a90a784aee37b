import { expect, test } from "vitest";
import {
  fields,
  findMismatch,
  oneWord,
  orNull,
  reference,
  type Schema,
  TEXT,
  TEXTS,
} from "../../../../provisioner/api/schema.ts";

const NAMED = { Name: TEXT };
const SCHEMA: Schema = {
  oneOf: [
    fields({ kind: oneWord("stop", "start"), names: TEXTS }),
    fields(
      { kind: oneWord("create"), name: reference("Name") },
      {
        count: { type: "integer", minimum: 1 },
        share: { type: "number" },
        partial: { type: "boolean" },
        ip: orNull(TEXT),
        labels: { type: "object", properties: {}, additionalProperties: TEXT },
        more: { type: "object", properties: {}, additionalProperties: true },
      },
    ),
  ],
};

test.for([
  { kind: "stop", names: ["a"] },
  {
    kind: "create",
    name: "a",
    count: 1,
    share: 0.5,
    partial: true,
    ip: null,
    labels: { a: "b" },
    more: { x: 1 },
  },
  { kind: "create", name: "a", ip: "10.0.0.7", count: undefined },
])("%j fits", (value) => {
  expect(findMismatch(SCHEMA, value, NAMED)).toBeUndefined();
});

test.for([
  [[], "kind: must be one of stop, start, create"],
  [null, "kind: must be one of stop, start, create"],
  [{ kind: "fly" }, "kind: must be one of stop, start, create"],
  [{ kind: "stop" }, "names: is missing"],
  [{ kind: "stop", names: "a" }, "names: must be a list"],
  [{ kind: "stop", names: ["a", 7] }, "names[1]: must be a text"],
  [{ kind: "stop", names: [], force: true }, "force: no such field"],
  [{ kind: "stop", names: [], constructor: 1 }, "constructor: no such field"],
  [{ kind: "create", name: 7 }, "name: must be a text"],
  [{ kind: "create", name: "a", count: 0 }, "count: must be a whole number of 1 or more"],
  [{ kind: "create", name: "a", count: 1.5 }, "count: must be a whole number of 1 or more"],
  [{ kind: "create", name: "a", share: "1" }, "share: must be a number"],
  [{ kind: "create", name: "a", partial: 1 }, "partial: must be a boolean"],
  [{ kind: "create", name: "a", ip: 7 }, "ip: must be a text"],
  [{ kind: "create", name: "a", labels: [] }, "labels: must be an object"],
  [{ kind: "create", name: "a", labels: { a: 1 } }, "labels.a: must be a text"],
] as const)("%j: %s", ([value, complaint]) => {
  expect(findMismatch(SCHEMA, value, NAMED)).toBe(complaint);
});

test("a word, and a whole number without a least one", () => {
  expect(findMismatch(oneWord("a", "b"), "c", {})).toBe("body: must be one of a, b");
  expect(findMismatch({ type: "integer" }, 0.5, {})).toBe("body: must be a whole number");
  expect(findMismatch(fields({}), [], {})).toBe("body: must be an object");
});
