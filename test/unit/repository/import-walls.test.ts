import { expect, test } from "vitest";
import { type Edge, listFiles, parseEdges, readsEnvironment, readText } from "./source-tree.ts";
import { DOORS, findBreach, outerRooms, roomOf, WALLS } from "./walls.ts";

const files = outerRooms().flatMap((room) => listFiles(room, ".ts"));
const edges: readonly Edge[] = files.flatMap((file) => parseEdges(file, readText(file)));

function importersOf(name: string): readonly string[] {
  return [...new Set(edges.filter(({ to }) => to === name).map(({ from }) => from))];
}

test("every source file is in a room", () => {
  const outside = ["core", ...outerRooms().map((room) => room.split("/")[0] ?? "")]
    .flatMap((folder) => listFiles(folder, ".ts"))
    .filter((file) => roomOf(file) === undefined);

  expect([...new Set(outside)]).toEqual([]);
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
