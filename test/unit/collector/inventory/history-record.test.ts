import { expect, test } from "vitest";
import {
  type History,
  withEnd,
  withGeneration,
  withSighting,
} from "../../../../collector/inventory/history-record.ts";

const seen: History = {
  id: 1,
  ip: "10.0.0.7",
  owner: undefined,
  firstSeenMs: 1,
  lastSeenMs: 1,
  generations: [],
};
const epoch = (container: string) => ({
  ...{ owner: "o", generation: 1, container, image: "i:1", host: "h" },
});

test("a generation ends the one before; the end of the history ends the last", () => {
  const twice = withGeneration(withGeneration(seen, epoch("a"), 10, ""), epoch("b"), 20, "rebuilt");
  expect(twice.owner).toBe("o");
  expect(twice.generations).toEqual([
    {
      generation: 1,
      container: "a",
      image: "i:1",
      host: "h",
      startedMs: 10,
      ended: { atMs: 20, why: "rebuilt" },
    },
    { generation: 1, container: "b", image: "i:1", host: "h", startedMs: 20 },
  ]);
  const over = withEnd(withSighting(twice, 25), 30, "released");
  expect(over).toMatchObject({ lastSeenMs: 25, ended: { atMs: 30, why: "released" } });
  expect(over.generations.map(({ ended }) => ended?.atMs)).toEqual([20, 30]);
});

test("a machine that is rebuilt all the time keeps its last generations", () => {
  let history = seen;
  for (let i = 0; i < 600; i++) history = withGeneration(history, epoch(`c${i}`), i, "rebuilt");
  expect(history.generations).toHaveLength(500);
  expect(history.generations.at(-1)?.container).toBe("c599");
});
