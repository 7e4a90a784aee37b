import { expect, test } from "vitest";
import { listFiles, readText } from "./source-tree.ts";
import { outerRooms } from "./walls.ts";

const MAX_LINES = 400;
// Spelled apart, so that this file does not find itself.
const POSTPONED = new RegExp(
  ["TO" + "DO", "FIX" + "ME", "XX" + "X"].map((word) => `\\b${word}\\b`).join("|"),
);

const files = [
  ...[...outerRooms(), "test"].flatMap((folder) => listFiles(folder, ".ts")),
  ...listFiles("scripts", ".mjs"),
];

test(`no file is longer than ${MAX_LINES} lines`, () => {
  expect(files.length).toBeGreaterThan(100);
  expect(files.filter((file) => readText(file).split("\n").length > MAX_LINES + 1)).toEqual([]);
});

test("nothing is left for later in a comment", () => {
  expect(files.filter((file) => POSTPONED.test(readText(file)))).toEqual([]);
});

test("no test is left out without a reason of the machine", () => {
  const silent = /\b(?:test|it|describe)\.(?:skip|todo|only)\(/;

  expect(files.filter((file) => silent.test(readText(file)))).toEqual([]);
});
