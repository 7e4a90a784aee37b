import { expect, test } from "vitest";
import { judgeEpoch, readEpoch } from "../../../../collector/inventory/epoch.ts";
import type { Epoch, History } from "../../../../collector/inventory/history-record.ts";
import { gauge } from "../../../support/push.ts";

const NOBODY: Epoch = {
  owner: undefined,
  generation: undefined,
  container: undefined,
  image: undefined,
  host: undefined,
};
const epoch = (more: Partial<Epoch>): Epoch => ({ ...NOBODY, ...more });
const history = (owner: string | undefined, ...generations: Partial<Epoch>[]): History => ({
  ...{ id: 1, ip: "10.0.0.7", owner, firstSeenMs: 0, lastSeenMs: 0 },
  generations: generations.map((one) => ({ ...NOBODY, ...one, startedMs: 0 })),
});

test("a machine says who it is in one series", () => {
  const labels = { instance: "10.0.0.7", owner: "o", generation: "3", container: "c", image: "i", host: "h" };
  expect(readEpoch([gauge("up", {}), gauge("plimsoll_machine_info", labels)])).toEqual({
    ...{ owner: "o", generation: 3, container: "c", image: "i", host: "h" },
  });
  expect(readEpoch([gauge("plimsoll_machine_info", { generation: "-3" })])).toEqual(NOBODY);
  expect(readEpoch([gauge("up", {})])).toBeUndefined();
});

const BUILT = history("o", { generation: 2, container: "a" }, { generation: 2, container: "b" });

test.for<[string, History, Epoch | undefined, boolean, string]>([
  ["who does not say is the machine", BUILT, undefined, true, "current"],
  ["the same container", BUILT, epoch({ owner: "o", generation: 2, container: "b" }), true, "current"],
  ["nobody has said before", history(undefined), epoch({ owner: "o", container: "a" }), true, "current"],
  ["another container", BUILT, epoch({ owner: "o", generation: 2, container: "c" }), true, "rebuilt"],
  ["given out again to the same owner", BUILT, epoch({ owner: "o", generation: 3 }), true, "rebuilt"],
  ["the former container", BUILT, epoch({ owner: "o", generation: 2, container: "a" }), true, "late"],
  ["an older generation", BUILT, epoch({ owner: "o", generation: 1, container: "c" }), true, "late"],
  ["the former one, its successor silent", BUILT, epoch({ owner: "o", container: "a" }), false, "rebuilt"],
  ["another owner while this one lives", BUILT, epoch({ owner: "p" }), true, "late"],
  ["another owner when it is silent", BUILT, epoch({ owner: "p" }), false, "succeeded"],
  ["another owner, given out later", BUILT, epoch({ owner: "p", generation: 3 }), true, "succeeded"],
  ["another owner, given out earlier", BUILT, epoch({ owner: "p", generation: 1 }), false, "late"],
  ["who has had it before", BUILT, epoch({ owner: "former" }), false, "late"],
  [
    "another owner, the address given up",
    { ...BUILT, ended: { atMs: 1, why: "released" } },
    epoch({ owner: "p" }),
    true,
    "succeeded",
  ],
])("%s", ([, present, who, isAlive, verdict]) => {
  expect(judgeEpoch(present, ["former"], who, isAlive).kind).toBe(verdict);
});

test("a refusal says why", () => {
  const reason = (who: Partial<Epoch>) => judgeEpoch(BUILT, [], epoch(who), true);
  expect(reason({ owner: "p" })).toMatchObject({ reason: "10.0.0.7 belongs to o, not to p" });
  expect(reason({ owner: "o", container: "a" })).toMatchObject({
    reason: "10.0.0.7 has been rebuilt since, as b",
  });
  expect(judgeEpoch(history("o", { generation: 2 }), [], epoch({ generation: 1 }), true)).toMatchObject({
    reason: "10.0.0.7 has been rebuilt since, as generation 2",
  });
});
