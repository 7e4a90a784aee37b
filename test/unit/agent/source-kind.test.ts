import { expect, test } from "vitest";
import {
  count,
  defineSource,
  filters,
  isWanted,
  NOTHING,
  pattern,
  readValues,
  text,
} from "../../../agent/source-kind.ts";
import { failing } from "../../../core/runtime/options.ts";

const KIND = defineSource({
  name: "disks",
  describes: "disks",
  options: {
    ...filters("disks", /^loop/),
    types: pattern(NOTHING, "types"),
    top: count(3, 10, "how many"),
    folder: text("/a", "where"),
  },
  open:
    ({ top }) =>
    async () => [{ name: `n${top + 1}`, kind: "gauge", help: "", labels: {}, samples: [] }],
});

const fail = failing({ option: "sources: disks", value: {} });

test("what is given is read by its option, the rest is as it is where nobody says", () => {
  expect(readValues(KIND, { top: 5, exclude: "^sd" }, fail)).toMatchObject({
    include: /(?:)/,
    exclude: /^sd/,
    top: 5,
    folder: "/a",
  });
});

test.each([
  [{ tip: 1 }, 'sources: disks: unknown option "tip"'],
  [{ constructor: 1 }, 'sources: disks: unknown option "constructor"'],
  [{ top: 11 }, "sources: disks: top must be a whole number up to 10"],
  [{ top: "1" }, "sources: disks: top must be"],
  [{ folder: "" }, "sources: disks: folder must be a text"],
  [{ exclude: 1 }, "sources: disks: exclude must be a regular expression as text"],
  [{ exclude: "(" }, "sources: disks: exclude invalid regular expression"],
])("%j is refused: %s", (given, message) => {
  expect(() => readValues(KIND, given, fail)).toThrow(message);
});

test("a source without options knows the interval only", () => {
  const plain = defineSource({ name: "p", describes: "", isOff: true, open: () => async () => [] });

  expect(plain).toMatchObject({ isOn: false, options: {} });
  expect(() => readValues(plain, { x: 1 }, fail)).toThrow("unknown option");
});

test("filters: included and not excluded", () => {
  const wanted = { include: /^e/, exclude: /0$/ };

  expect(["eth0", "eth1", "lo"].filter((name) => isWanted(name, wanted))).toEqual(["eth1"]);
});
