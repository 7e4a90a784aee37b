import { expect, test } from "vitest";
import { parseRelabel } from "../../../collector/relabel.ts";

const fail = (what: string): never => {
  throw new Error(what);
};
const LABELS = { __name__: "up", instance: "10.0.0.7:9100", job: "Web", env: "" };

/** What a template names in braces. */
const braced = (group: number, rest = ""): string => ["$", "{", group, "}", rest].join("");

test.for([
  [
    "replace",
    { sourceLabels: ["instance"], regex: "(.+):(\\d+)", targetLabel: "ip", replacement: "$1" },
    { ip: "10.0.0.7" },
  ],
  ["replace of several", { source_labels: ["job", "__name__"], target_label: "both" }, { both: "Web;up" }],
  [
    "replace that names its target",
    { sourceLabels: ["job"], regex: "(W)(.*)", targetLabel: braced(1, "_x"), replacement: `$$${braced(2)}` },
    { W_x: "$eb" },
  ],
  [
    "replace without a match",
    { sourceLabels: ["job"], regex: "W", targetLabel: "job", replacement: "no" },
    {},
  ],
  ["replace by nothing", { sourceLabels: ["env"], regex: "(.*)", targetLabel: "job" }, { job: undefined }],
  ["lowercase", { sourceLabels: ["job"], targetLabel: "job", action: "lowercase" }, { job: "web" }],
  ["uppercase", { sourceLabels: ["job"], targetLabel: "job", action: "uppercase" }, { job: "WEB" }],
  ["hashmod", { sourceLabels: ["instance"], targetLabel: "n", modulus: 1, action: "hashmod" }, { n: "0" }],
  ["labelmap", { regex: "jo(.)", replacement: "x_$1", action: "labelmap" }, { x_b: "Web" }],
  ["labeldrop", { regex: "job|env", action: "labeldrop" }, { job: undefined, env: undefined }],
  ["labelkeep", { regex: "__name__|job", action: "labelkeep" }, { instance: undefined, env: undefined }],
  ["keep", { sourceLabels: ["job"], regex: "Web|x", action: "keep" }, {}],
  ["dropequal", { sourceLabels: ["job"], targetLabel: "instance", action: "dropequal" }, {}],
  ["notes of the rules", { targetLabel: "__tmp", replacement: "x" }, {}],
] as const)("%s", ([, rule, changes]) => {
  const want = Object.entries({ ...LABELS, ...changes }).filter(([, value]) => value !== undefined);
  expect(parseRelabel([rule], fail)(LABELS)).toEqual(Object.fromEntries(want));
});

test.for([
  { sourceLabels: ["job"], regex: "We", action: "keep" },
  { sourceLabels: ["job"], regex: "W.b", action: "drop" },
  { sourceLabels: ["job"], targetLabel: "instance", action: "keepequal" },
  { sourceLabels: ["env"], targetLabel: "none", action: "dropequal" },
  { regex: "__name__", action: "labeldrop" },
])("dropped by %j", (rule) => {
  expect(parseRelabel([rule], fail)(LABELS)).toBeUndefined();
});

test("hashmod divides as Prometheus does", () => {
  const rule = { sourceLabels: ["job"], targetLabel: "n", modulus: 1000, action: "hashmod" };
  // The case in its own test: "baz" modulo 1000.
  expect(parseRelabel([{ ...rule }], fail)({ __name__: "a", job: "baz" })?.n).toBe("976");
});

test("rules follow one another; what is given stays as it is", () => {
  const relabel = parseRelabel(
    [
      { sourceLabels: ["instance"], regex: "([^:]+):.*", targetLabel: "__tmp", replacement: "$1" },
      { sourceLabels: ["__tmp"], targetLabel: "instance" },
    ],
    fail,
  );
  expect(relabel(LABELS)).toEqual({ ...LABELS, instance: "10.0.0.7" });
  expect(LABELS.instance).toBe("10.0.0.7:9100");
});

test.for([
  ["must be a list of rules", {}],
  ["rule 1: must be a mapping", ["x"]],
  ['rule 1: unknown option "source"', [{ source: "x" }]],
  ['rule 1: unknown action "no"', [{ action: "no" }]],
  ["rule 2: replace needs targetLabel", [{ action: "labeldrop" }, {}]],
  ["rule 1: hashmod needs modulus", [{ action: "hashmod", targetLabel: "n" }]],
  ["rule 1: hashmod needs modulus", [{ action: "HashMod", targetLabel: "n" }]],
  ["rule 1: hashmod needs modulus", [{ action: "hashmod", targetLabel: "n", modulus: 0.5 }]],
  ['rule 1: unknown action "constructor"', [{ action: "constructor" }]],
  ['rule 1: unknown option "constructor"', [{ constructor: "x" }]],
  ["rule 1: sourceLabels must be a list of label names", [{ sourceLabels: "job" }]],
  ["rule 1: replacement must be a text", [{ targetLabel: "a", replacement: 5 }]],
  ['rule 1: regex "(" is not a regular expression', [{ targetLabel: "a", regex: "(" }]],
] as const)("%s", ([message, rules]) => {
  expect(() => parseRelabel(rules, fail)).toThrow(message);
});
