import { expect, test } from "vitest";
import type { Epoch } from "../../../../collector/inventory/history-record.ts";
import { Inventory } from "../../../../collector/inventory/inventory.ts";
import { openMemoryDatabase } from "../../../../collector/store/database.ts";
import { openTimeline } from "../../../../collector/store/events.ts";
import { GroupCommit } from "../../../../collector/store/group-commit.ts";
import { openRecords } from "../../../../collector/store/records.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { recordLog } from "../../../support/record-log.ts";

const IP = "10.0.0.7";

function open(maxMachines = 10) {
  const [clock, log, database] = [new ManualClock(), recordLog(), openMemoryDatabase()];
  const commits = new GroupCommit(database, 0);
  const timeline = openTimeline(database, commits, log);
  const records = openRecords(database, commits, log);
  const reopen = () => new Inventory({ records, timeline, clock, leaseMs: 60_000, maxMachines });
  const events = () => {
    commits.flush();
    return timeline.list(IP, { fromMs: 0, toMs: 1e15, limit: 100 }).map(({ kind }) => kind);
  };
  return { clock, reopen, events, commits, inventory: reopen() };
}

const epoch = (owner: string, generation: number, container: string): Epoch => ({
  ...{ owner, generation, container, image: undefined, host: "h" },
});

test("rebuilt: one history, two generations; the old container is refused while the new one lives", async () => {
  const { inventory, reopen, events, clock } = open();
  inventory.observe(IP, epoch("o", 1, "a"));
  await clock.advance(1000);
  inventory.observe(IP, epoch("o", 1, "b"));
  expect(inventory.observe(IP, epoch("o", 1, "a"))).toEqual({ late: `${IP} has been rebuilt since, as b` });
  inventory.observe(IP, epoch("o", 1, "a"));
  expect(inventory.lateRefused).toBe(2);
  expect(events()).toEqual(["first-seen", "rebuilt", "late-refused"]);
  const [history, ...others] = reopen().histories(IP);
  expect(others).toEqual([]);
  expect(history?.generations.map(({ container, ended }) => [container, ended?.why])).toEqual([
    ["a", "rebuilt"],
    ["b", undefined],
  ]);

  await clock.advance(60_000);
  expect(inventory.observe(IP, epoch("o", 1, "a"))).toMatchObject({ history: { id: 1 } });
});

test("another owner: a history of its own; the former one stays, and is not taken up again", async () => {
  const { inventory, reopen, events, clock } = open();
  inventory.observe(IP, epoch("o", 1, "a"));
  expect(inventory.observe(IP, epoch("p", 1, "x"))).toEqual({ late: `${IP} belongs to o, not to p` });
  await inventory.release(IP, "released");
  await clock.advance(1000);
  inventory.observe(IP, epoch("p", 2, "x"));
  expect(inventory.observe(IP, epoch("o", 1, "a"))).toHaveProperty("late");
  expect(events()).toEqual(["first-seen", "late-refused", "new-owner"]);
  expect(reopen().histories(IP)).toMatchObject([
    { id: 1, owner: "o", ended: { why: "released" } },
    { id: 2, owner: "p" },
  ]);
  expect(inventory.current(IP)?.id).toBe(2);
  expect([...inventory.machines()]).toHaveLength(1);
});

test("who does not say who they are has a history too, and keeps it when they begin to say", () => {
  const { inventory } = open();
  inventory.observe(IP, undefined);
  inventory.observe(IP, epoch("o", 1, "a"));
  expect(inventory.histories(IP)).toMatchObject([{ id: 1, owner: "o", generations: [{ container: "a" }] }]);
});

test("last sightings are written once a minute", async () => {
  const { inventory, reopen, clock, commits } = open();
  const startMs = clock.nowMs();
  const see = async (afterMs: number) => {
    await clock.advance(afterMs);
    inventory.observe(IP, undefined);
    commits.flush();
    return (reopen().current(IP)?.lastSeenMs ?? 0) - startMs;
  };
  expect([await see(0), await see(30_000), await see(29_000), await see(1000)]).toEqual([0, 0, 0, 60_000]);
});

test("there is an end to the number of machines", () => {
  const { inventory } = open(1);
  inventory.observe(IP, undefined);
  expect(inventory.observe("10.0.0.8", undefined)).toBeUndefined();
  expect(inventory.machineCount).toBe(1);
});
