import { expect, test } from "vitest";
import { Announcements } from "../../../../collector/lifecycle/announcements.ts";
import { Watch } from "../../../../collector/lifecycle/watch.ts";
import { openTestData } from "../../../support/collector-data.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

/** A wall clock that somebody sets. */
class SetWallClock extends ManualClock {
  offsetMs = 0;

  override nowMs(): number {
    return super.nowMs() + this.offsetMs;
  }
}

async function open() {
  const clock = new SetWallClock();
  const data = await openTestData(clock);
  const { inventory, timeline } = data;
  const announcements = new Announcements(timeline, clock);
  const running = new Map<string, boolean>();
  const watch = new Watch({ inventory, timeline, announcements, isRunning: (ip) => running.get(ip), clock });
  const hear = (ip: string, host?: string) => {
    const who = { owner: "o", generation: 1, container: "c", image: undefined, host };
    inventory.observe(ip, host === undefined ? undefined : who);
  };
  /** Seconds pass in which these are heard of every ten. */
  const pass = async (seconds: number, heard: () => void = () => {}): Promise<void> => {
    for (let i = 0; i < seconds; i += 5) {
      await clock.advance(5000);
      if (i % 10 === 0) heard();
      watch.look();
    }
  };
  const states = () => [...inventory.machines()].map((history) => watch.state(history));
  const kinds = (ip: string) => {
    data.commits.flush();
    return timeline.list(ip, { fromMs: 0, toMs: 1e15, limit: 99 }).map(({ kind }) => kind);
  };
  return { clock, data, inventory, announcements, running, hear, pass, states, kinds };
}

test("silence is noted once, and its end", async () => {
  const { hear, pass, states, kinds } = await open();
  hear("10.0.0.1");
  await pass(60, () => hear("10.0.0.1"));
  expect(states()).toEqual(["reporting"]);
  await pass(60);
  expect(states()).toEqual(["silent"]);
  await pass(10, () => hear("10.0.0.1"));
  expect(states()).toEqual(["reporting"]);
  expect(kinds("10.0.0.1")).toEqual(["first-seen", "silent", "heard-again"]);
});

test("a container that does not run, a plan, an address given up: none of them is a silent agent", async () => {
  const { hear, pass, states, running, announcements, inventory, clock } = await open();
  for (const ip of ["10.0.0.1", "10.0.0.2", "10.0.0.3"]) hear(ip);
  running.set("10.0.0.1", false);
  void announcements.announce("10.0.0.2", {
    change: "rebuild",
    untilMs: clock.nowMs() + 120_000,
    reason: "",
  });
  void inventory.release("10.0.0.3", "released");
  await pass(60);
  expect(states()).toEqual(["stopped", "planned", "released"]);
  await pass(120);
  expect(states()).toEqual(["stopped", "silent", "released"]);
});

test("all machines of a host silent is the host; one of several is not, nor is the only one", async () => {
  const { hear, pass, states } = await open();
  hear("10.0.0.1", "a");
  hear("10.0.0.2", "a");
  hear("10.0.0.3", "b");
  await pass(60, () => hear("10.0.0.1", "a"));
  expect(states()).toEqual(["reporting", "silent", "silent"]);
  await pass(60);
  expect(states()).toEqual(["host-away", "host-away", "silent"]);
});

test("a machine that pushes rarely is waited for longer", async () => {
  const { hear, pass, states, clock } = await open();
  hear("10.0.0.1");
  await pass(5);
  for (let i = 0; i < 2; i++) {
    await clock.advance(25_000);
    hear("10.0.0.1");
    await pass(5);
  }
  await pass(50);
  expect(states()).toEqual(["reporting"]);
  await pass(60);
  expect(states()).toEqual(["silent"]);
});

test("a clock that is set is no silence, and hides none", async () => {
  for (const jumpMs of [7_200_000, -7_200_000]) {
    const { hear, pass, states, kinds, clock } = await open();
    hear("10.0.0.1", "a");
    hear("10.0.0.2", "a");
    const both = (): void => {
      for (const ip of ["10.0.0.1", "10.0.0.2"]) hear(ip, "a");
    };
    await pass(60, both);
    clock.offsetMs = jumpMs;
    await pass(20);
    await pass(60, both);
    expect(states()).toEqual(["reporting", "reporting"]);
    await pass(60, () => hear("10.0.0.1", "a"));
    expect(states()).toEqual(["reporting", "silent"]);
    expect(kinds("10.0.0.1")).toEqual(["first-seen"]);
  }
});
