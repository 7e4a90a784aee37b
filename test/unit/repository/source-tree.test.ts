import { expect, test } from "vitest";
import { isTypesOnly, parseEdges, readsEnvironment } from "./source-tree.ts";

test("every way to name a module is an edge, and nothing else is", () => {
  const edges = parseEdges(
    "room/a/x.ts",
    `
    // import "./comment.ts"
    const text = "import './string.ts'";
    import { value, type Erased } from "./value.ts";
    import type { Only } from "../types.ts";
    import { type Inline } from "./inline-types.ts";
    import "./side-effect.ts";
    import * as fs from "node:fs/promises";
    import deep from "@scope/name/deep.js";
    export * from "./star.ts";
    export type { Out } from "./out.ts";
    type Far = import("./far.ts").Far;
    const lazy = await import("yaml");
    const ticks = await import(\`./ticks.ts\`);
    const hidden = await import(text);
    `,
  );

  expect(edges.map(({ to, kind }) => `${kind} ${to}`)).toEqual([
    "value room/a/value.ts",
    "types room/types.ts",
    "types room/a/inline-types.ts",
    "value room/a/side-effect.ts",
    "value node:fs/promises",
    "value @scope/name",
    "value room/a/star.ts",
    "types room/a/out.ts",
    "lazy yaml",
    "lazy room/a/ticks.ts",
    "lazy ?",
    "types room/a/far.ts",
  ]);
});

test("a file that does not parse is an error, not an absence of edges", () => {
  expect(() => parseEdges("room/x.ts", "import {")).toThrow("room/x.ts");
});

test.for([
  ["process.env.HOME", true],
  ['process["env"]', true],
  ["const { env } = process", true],
  ["// process.env", false],
  ["process.argv", false],
] as const)("%s reads the environment: %s", ([text, expected]) => {
  expect(readsEnvironment("x.ts", text)).toBe(expected);
});

test.for([
  ['import type { A } from "./a.ts"; export interface B { a: A } export type C = B;', true],
  ["export interface B {} export const b = 1;", false],
  ['export { b } from "./b.ts";', false],
] as const)("%s has types only: %s", ([text, expected]) => {
  expect(isTypesOnly("x.ts", text)).toBe(expected);
});
