import { expect, test } from "vitest";
import { type About, changedMs, epochOf, judgeHearsay } from "../../../../collector/inventory/hearsay.ts";
import type { Generation, History } from "../../../../collector/inventory/history-record.ts";

const generation = (startedMs: number, container: string, number?: number): Generation => ({
  ...{ generation: number, container, image: undefined, host: undefined, startedMs },
});
const about = (owner: string | undefined, ...generations: Generation[]): About => ({
  ...{ owner, firstSeenMs: 100, generations },
});
const ours = (told: About): History => ({ id: 1, ip: "10.0.0.7", lastSeenMs: 100, ...told });

test("an address nobody knows, the same machine, one without generations", () => {
  expect(judgeHearsay(undefined, about("o"))).toBe("unknown");
  const same = about("o", generation(1, "a", 1));
  expect(judgeHearsay(ours(same), same)).toBe("same");
  expect(judgeHearsay(ours(same), about(undefined))).toBe("same");
  expect(judgeHearsay(ours(about("o")), same)).toBe("rebuilt");
});

test("numbers decide which container is the later one; without them the time of the first sighting", () => {
  const [first, second] = [about("o", generation(9, "a", 1)), about("o", generation(5, "b", 2))];
  expect([judgeHearsay(ours(first), second), judgeHearsay(ours(second), first)]).toEqual([
    "rebuilt",
    "behind",
  ]);
  const [early, late] = [about("o", generation(5, "a")), about("o", generation(9, "b"))];
  expect([judgeHearsay(ours(early), late), judgeHearsay(ours(late), early)]).toEqual(["rebuilt", "behind"]);
  const [one, other] = [about("o", generation(5, "a", 1)), about("p", generation(9, "b", 2))];
  expect([judgeHearsay(ours(one), other), judgeHearsay(ours(other), one)]).toEqual(["other", "behind"]);
});

test("an address that was given up: by its owner, and by one who had it before", () => {
  const ended = { ...about("o", generation(1, "a", 1)), ended: { atMs: 500, why: "released" } };
  expect(judgeHearsay(ours(about("o", generation(1, "a", 1))), ended)).toBe("ended");
  expect(judgeHearsay(ours(about("p", generation(1, "a", 1))), ended)).toBe("behind");
  expect(judgeHearsay(ours({ ...about("o"), firstSeenMs: 600 }), ended)).toBe("behind");
  expect(judgeHearsay(ours(ended), { ...about("p"), firstSeenMs: 600 })).toBe("other");
  expect(judgeHearsay(ours(ended), { ...about("p"), firstSeenMs: 400 })).toBe("behind");
  expect(judgeHearsay(ours(ended), ended)).toBe("behind");
});

test("when a record was changed last, and who its container is", () => {
  const one = about("o", generation(200, "a", 3));
  expect([changedMs(about("o")), changedMs(one)]).toEqual([100, 200]);
  expect(changedMs({ ...one, ended: { atMs: 300, why: "" } })).toBe(300);
  expect(epochOf(one, generation(200, "a", 3))).toEqual({
    ...{ owner: "o", generation: 3, container: "a", image: undefined, host: undefined },
  });
});
