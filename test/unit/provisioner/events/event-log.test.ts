import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import type { MachineEvent } from "../../../../provisioner/events/documents.ts";
import { EventLog, followEvents, listEvents } from "../../../../provisioner/events/event-log.ts";
import { openEmbeddedStore } from "../../../../provisioner/store/embedded.ts";
import type { Store } from "../../../../provisioner/store/types.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { SetClock } from "../../../support/networks.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
let store: Store;
const clock = new SetClock();
beforeEach(() => {
  const opened = openEmbeddedStore(join(cleanup.temporaryFolder(), "state.db"));
  cleanup.add("store", () => opened.close());
  store = opened;
});

const done = (name: string) => ({ kind: "start", state: "done", name });
const namesOf = (events: readonly MachineEvent[]): readonly (string | undefined)[] =>
  events.map(({ name }) => name);

test("all hosts' in the order of time, those of one moment in the order they were given", async () => {
  const [one, two] = [new EventLog(store, clock, "h2"), new EventLog(store, clock, "h1")];
  await one.add(done("a"), done("b"), done("c"));
  clock.now += 1;
  await two.add(done("d"));
  clock.now += 1;
  await one.add();
  await one.add(done("e"));

  expect(namesOf(await listEvents(store))).toEqual(["a", "b", "c", "d", "e"]);
});

test("followed: the last ones, then those that come", async () => {
  const log = new EventLog(store, clock, "h1");
  await log.add(done("a"), done("b"));
  const over = new AbortController();
  const seen: (string | undefined)[] = [];
  const reading = (async () => {
    for await (const { name } of followEvents(store, 1, over.signal)) {
      seen.push(name);
      if (seen.length === 3) over.abort();
      if (seen.length === 1) void log.add(done("c"), done("d"));
    }
  })();
  await reading;

  expect(seen).toEqual(["b", "c", "d"]);
});

test("of one machine, its last ones however many others have", async () => {
  const log = new EventLog(store, clock, "h1");
  await log.add(done("a"), done("b"), { kind: "fence", state: "done" });
  const over = new AbortController();
  const seen: (string | undefined)[] = [];
  for await (const { name } of followEvents(store, 1, over.signal, ["a"])) {
    seen.push(name);
    if (seen.length === 2) over.abort();
    else void log.add(done("b"), done("a"));
  }

  expect(seen).toEqual(["a", "a"]);
  expect(namesOf(await listEvents(store, ["a"]))).toEqual(["a", "a"]);
});

test("the oldest are forgotten", async () => {
  const log = new EventLog(store, clock, "h1");
  for (let batch = 0; batch < 12; batch++) {
    clock.now += 1;
    await log.add(...Array.from({ length: 100 }, (_, index) => done(`${batch}-${index}`)));
  }

  const events = await listEvents(store);
  expect(events.length).toBeLessThan(1101);
  expect(events.at(-1)?.name).toBe("11-99");
});
