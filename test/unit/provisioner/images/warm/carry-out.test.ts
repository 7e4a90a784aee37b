import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { EngineImages } from "../../../../../provisioner/images/engine-images.ts";
import { type CarryOutParts, carryOut } from "../../../../../provisioner/images/warm/carry-out.ts";
import {
  findReport,
  type WarmOrder,
  type WarmReport,
} from "../../../../../provisioner/images/warm/documents.ts";
import { openStore } from "../../../../../provisioner/store/open.ts";
import type { Store } from "../../../../../provisioner/store/types.ts";
import { Cleanup } from "../../../../support/cleanup.ts";
import { ManualClock } from "../../../../support/manual-clock.ts";
import { MemoryEngine } from "../../../../support/memory-engine.ts";
import { sha256 } from "../../../../support/memory-registry.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
let engine: MemoryEngine;
let store: Store;
let parts: CarryOutParts & { readonly clock: ManualClock };
beforeEach(async () => {
  engine = await new MemoryEngine().start(cleanup);
  store = await openStore(join(cleanup.temporaryFolder(), "state.db"));
  cleanup.add("store", () => store.close());
  const images = new EngineImages(engine.socket);
  cleanup.add("images", () => images.close());
  const signal = new AbortController().signal;
  parts = { store, clock: new ManualClock(), engine: images, credentials: undefined, signal };
});

function orderOf(round: string, ...tags: readonly string[]): WarmOrder {
  const images = tags.map((tag) => ({ image: `r:5000/app:${tag}`, from: "r:5000/app", digest: sha256(tag) }));
  return { host: "h1", rule: "base", round, registry: "http://r:5000", orderedMs: 7, images };
}

/** Time goes on for as long as it is waited for. */
async function run(order: WarmOrder, more: Partial<CarryOutParts> = {}): Promise<WarmReport | undefined> {
  let isOver = false;
  const running = carryOut(order, { ...parts, ...more }).finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await parts.clock.advance(1000);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return running;
}

test("pulled by digest, and known by the name that people use; the second time nothing is pulled", async () => {
  expect(await run(orderOf("1", "v1", "v2"))).toMatchObject({
    pulled: 2,
    missing: [],
    failed: [],
    currentMs: 7,
  });
  expect(engine.pulls).toEqual([`r:5000/app@${sha256("v1")}`, `r:5000/app@${sha256("v2")}`]);
  expect(engine.images.get(`r:5000/app@${sha256("v1")}`)).toEqual(new Set(["r:5000/app:v1"]));

  expect(await run(orderOf("2", "v1", "v2"))).toMatchObject({ round: "2", wanted: 2, pulled: 0 });
  expect(engine.pulls).toHaveLength(2);
});

test("a tag that has moved moves here; what is there by another name is not pulled", async () => {
  await run(orderOf("1", "v1", "v2"));
  const moved = orderOf("2", "v1");
  await run({ ...moved, images: moved.images.map((each) => ({ ...each, digest: sha256("v2") })) });

  expect(engine.pulls).toHaveLength(2);
  expect(engine.images.get(`r:5000/app@${sha256("v2")}`)).toEqual(
    new Set(["r:5000/app:v2", "r:5000/app:v1"]),
  );
});

test("what fails is tried again after pauses that grow; what fails for good costs itself", async () => {
  let failures = 0;
  engine.failure = (name) => (name.endsWith(sha256("v1")) && ++failures <= 2 ? "no route" : undefined);
  expect(await run(orderOf("1", "v1"))).toMatchObject({ pulled: 1, failed: [] });
  const [first = 0, second = 0] = parts.clock.sleeps;
  expect([first >= 500 && first <= 1000, second >= 1000 && second <= 2000]).toEqual([true, true]);

  engine.failure = (name) => (name.endsWith(sha256("v3")) ? "manifest unknown" : undefined);
  const report = await run(orderOf("2", "v3", "v4"));
  expect(report).toMatchObject({ pulled: 1, missing: [], currentMs: 7 });
  expect(report?.failed).toEqual([`r:5000/app:v3: docker pull r:5000/app@${sha256("v3")}: manifest unknown`]);
  expect(engine.pulls.filter((name) => name.endsWith(sha256("v3")))).toHaveLength(4);
});

test("broken off it is under way, and whoever comes next goes on", async () => {
  const stopping = new AbortController();
  const onReport = ({ pulled }: WarmReport): void => {
    if (pulled === 1) stopping.abort();
  };
  expect(await run(orderOf("1", "v1", "v2"), { signal: stopping.signal, onReport })).toBeUndefined();
  expect(await findReport(store, "h1", "base")).toMatchObject({
    endedMs: undefined,
    missing: ["r:5000/app:v2"],
  });

  expect(await run(orderOf("1", "v1", "v2"))).toMatchObject({ pulled: 1, missing: [] });
  expect(engine.images.size).toBe(2);
});
