import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { type Edge, listFiles, parseEdges, ROOT, readsEnvironment, readText } from "./source-tree.ts";
import { DOORS, findBreach, outerRooms, roomOf, WALLS } from "./walls.ts";

const files = outerRooms().flatMap((room) => listFiles(room, ".ts"));
const edges: readonly Edge[] = files.flatMap((file) => parseEdges(file, readText(file)));

/** Types open no door: they are gone at run time. */
function importersOf(name: string): readonly string[] {
  return edges.filter(({ to, kind }) => to === name && kind !== "types").map(({ from }) => from);
}

/** Folders whose TypeScript is not part of any program. */
const NOT_ROOMS = ["node_modules", "dist", "coverage", "test"];

test("every source file is in a room", () => {
  const folders = readdirSync(ROOT).filter((name) => !NOT_ROOMS.includes(name) && !name.startsWith("."));
  const sources = folders.flatMap((folder) => listFiles(folder, ".ts"));

  expect(sources.length).toBeGreaterThan(0);
  expect(sources.filter((file) => roomOf(file) === undefined)).toEqual([]);
});

test.for(WALLS.filter(({ room }) => listFiles(room, ".ts").length > 0))("the walls of $room hold", (wall) => {
  const own = edges.filter(({ from }) => roomOf(from) === wall);
  const breaches = own.flatMap(({ from, to, kind }) => {
    const breach = findBreach(wall, to, kind === "lazy");
    return breach === undefined ? [] : [`${from}: ${breach} (${to})`];
  });

  expect(own.length).toBeGreaterThan(0);
  expect(breaches).toEqual([]);
});

test.for(DOORS)("$to is reached through its door only", ({ to, through }) => {
  const users =
    to === "process.env" ? files.filter((file) => readsEnvironment(file, readText(file))) : importersOf(to);

  expect(users.filter((file) => !through.includes(file))).toEqual([]);
});

test("nobody imports a main.ts, and a main.ts imports its room and core/runtime only", () => {
  const mains = files.filter((file) => file.endsWith("/main.ts"));
  const strangers = edges
    .filter(({ from }) => mains.includes(from))
    .filter(({ from, to }) => !to.startsWith(from.replace("main.ts", "")) && !to.startsWith("core/runtime/"))
    .filter(({ to }) => !to.startsWith("node:"));

  expect(mains.length).toBeGreaterThan(0);
  expect(mains.flatMap(importersOf)).toEqual([]);
  expect(strangers).toEqual([]);
});

test("the agent loads no package: it stays in the memory of every container", () => {
  const loaded = new Set(["agent/main.ts"]);
  for (const file of loaded) {
    for (const { from, to, kind } of edges) if (from === file && kind === "value") loaded.add(to);
  }

  const packages = [...loaded].filter((name) => !name.endsWith(".ts") && !name.startsWith("node:"));
  expect(loaded.size).toBeGreaterThan(10);
  expect(packages).toEqual([]);
});
