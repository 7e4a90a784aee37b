import { afterEach, expect, test } from "vitest";
import { openHttpServer } from "../../../../collector/http/server.ts";
import { Inventory } from "../../../../collector/inventory/inventory.ts";
import { Announcements } from "../../../../collector/lifecycle/announcements.ts";
import { Peer } from "../../../../collector/peers/peer.ts";
import { heardRoute } from "../../../../collector/routes/heard.ts";
import { openMemoryDatabase } from "../../../../collector/store/database.ts";
import { openTimeline } from "../../../../collector/store/events.ts";
import { GroupCommit } from "../../../../collector/store/group-commit.ts";
import { openRecords } from "../../../../collector/store/records.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { recordLog } from "../../../support/record-log.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());
const never = new AbortController().signal;
const IP = "10.0.0.7";

/** What of a collector its peers have to do with. */
async function open(clock: ManualClock) {
  const [log, database] = [recordLog(), openMemoryDatabase()];
  const commits = new GroupCommit(database, 0);
  const timeline = openTimeline(database, commits, log);
  const records = openRecords(database, commits, log);
  const inventory = new Inventory({ records, timeline, clock, leaseMs: 60_000, maxMachines: 3 });
  const announcements = new Announcements(timeline, clock);
  const route = heardRoute({ inventory, announcements, clock });
  const server = await openHttpServer([{ host: "127.0.0.1", port: 0 }], [route], log);
  cleanup.add("server", () => server.close(0));
  const events = () => {
    commits.flush();
    return timeline.list(IP, { fromMs: 0, toMs: 1e15, limit: 100 }).map(({ kind }) => kind);
  };
  return { inventory, announcements, events, server, clock, url: new URL(`http://${server.addresses[0]}`) };
}

type Node = Awaited<ReturnType<typeof open>>;

function follower(of: Node, by: Node): Peer {
  return new Peer({ ...by, url: of.url, log: recordLog() });
}

const epoch = (owner: string, generation: number, container: string) => ({
  ...{ owner, generation, container, image: "i", host: "h" },
});

test("a machine that moves from one to the other is heard of by both, whatever their clocks say", async () => {
  const [one, other] = [await open(new ManualClock(1_000_000)), await open(new ManualClock(5_000_000))];
  const [toOther, toOne] = [follower(one, other), follower(other, one)];
  one.inventory.observe(IP, epoch("o", 1, "a"));
  await toOther.ask(never);
  expect(toOther.isConnected).toBe(true);
  expect(other.inventory.current(IP)).toMatchObject({ owner: "o", lastSeenMs: 5_000_000 });
  expect(other.events()).toEqual(["first-seen"]);

  await Promise.all([one.clock.advance(20_000), other.clock.advance(20_000)]);
  other.inventory.observe(IP, epoch("o", 1, "a"));
  await toOne.ask(never);
  expect(one.inventory.current(IP)?.lastSeenMs).toBe(1_020_000);
  // What was learned is not told back as if it had been heard.
  await one.clock.advance(60_001);
  expect([...one.inventory.heardSince(0)]).toEqual([]);
});

test("rebuilt at one of them: the other refuses the container that was before", async () => {
  const [one, other] = [await open(new ManualClock(1_000_000)), await open(new ManualClock(1_000_000))];
  const [toOther, toOne] = [follower(one, other), follower(other, one)];
  one.inventory.observe(IP, epoch("o", 1, "a"));
  await toOther.ask(never);
  await Promise.all([one.clock.advance(1000), other.clock.advance(1000)]);
  other.inventory.observe(IP, epoch("o", 2, "b"));
  await toOne.ask(never);
  expect(one.inventory.observe(IP, epoch("o", 1, "a"))).toEqual({
    late: `${IP} has been rebuilt since, as b`,
  });
  expect(one.events()).toEqual(["first-seen", "rebuilt", "late-refused"]);
  await toOther.ask(never);
  expect(other.inventory.current(IP)?.generations.map(({ container }) => container)).toEqual(["a", "b"]);

  await Promise.all([one.clock.advance(1000), other.clock.advance(1000)]);
  one.inventory.observe(IP, epoch("p", 3, "c"));
  await toOther.ask(never);
  expect(other.inventory.histories(IP).map(({ owner }) => owner)).toEqual(["o", "p"]);
  await other.inventory.release(IP, "released");
  await toOne.ask(never);
  expect(one.inventory.current(IP)).toMatchObject({ owner: "p", ended: { why: "released" } });
});

test("a successor is told of, though the one before was heard of later, elsewhere", async () => {
  const [one, other] = [await open(new ManualClock(1_000_000)), await open(new ManualClock(1_000_000))];
  const toOther = follower(one, other);
  for (const node of [one, other]) node.inventory.observe(IP, epoch("o", 1, "a"));
  await toOther.ask(never);
  await Promise.all([one.clock.advance(1000), other.clock.advance(1000)]);
  other.inventory.observe(IP, epoch("o", 2, "b"));
  await Promise.all([one.clock.advance(1000), other.clock.advance(1000)]);
  one.inventory.observe(IP, epoch("o", 1, "a"));
  await toOther.ask(never);
  // Also to one that asks for the first time.
  const late = follower(other, one);
  await late.ask(never);
  expect(one.inventory.observe(IP, epoch("o", 1, "a"))).toHaveProperty("late");
});

test("what is planned at one is planned at the other, also when it is taken back", async () => {
  const [one, other] = [await open(new ManualClock()), await open(new ManualClock())];
  const toOther = follower(one, other);
  await one.announcements.announce(IP, { change: "stop", untilMs: one.clock.nowMs() + 60_000, reason: "" });
  await toOther.ask(never);
  expect(other.announcements.isPlanned(IP)).toBe(true);
  await Promise.all([one.clock.advance(10_000), other.clock.advance(10_000)]);
  await one.announcements.announce(IP, { change: "stop", untilMs: one.clock.nowMs() + 1000, reason: "" });
  await toOther.ask(never);
  await other.clock.advance(2000);
  expect(other.announcements.isPlanned(IP)).toBe(false);
});

test("more machines than are known of at once; one who is away, and comes back", async () => {
  const [one, other] = [await open(new ManualClock()), await open(new ManualClock())];
  for (let i = 0; i < 3; i++) other.inventory.observe(`10.0.1.${i}`, undefined);
  one.inventory.observe(IP, undefined);
  const log = recordLog();
  const toOther = new Peer({ ...other, url: one.url, log });
  await toOther.ask(never);
  expect([other.inventory.current(IP), other.inventory.machineCount]).toEqual([undefined, 3]);
  await one.server.close(0);
  for (let i = 0; i < 2; i++) await toOther.ask(never);
  expect([toOther.isConnected, log.lines.map(({ message }) => message)]).toEqual([
    false,
    ["peer does not answer"],
  ]);
});
