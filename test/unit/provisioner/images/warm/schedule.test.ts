import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { takeTurn } from "../../../../../provisioner/images/warm/schedule.ts";
import { openStore } from "../../../../../provisioner/store/open.ts";
import { Cleanup } from "../../../../support/cleanup.ts";
import { ManualClock } from "../../../../support/manual-clock.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("each time that a rule is due, one of all who ask has the turn", async () => {
  const store = await openStore(join(cleanup.temporaryFolder(), "state.db"));
  cleanup.add("store", () => store.close());
  const clock = new ManualClock();
  const ask = (): Promise<readonly boolean[]> =>
    Promise.all([1, 2, 3].map(() => takeTurn(store, clock, { name: "base", everyMs: 60_000 })));

  expect((await ask()).filter(Boolean)).toHaveLength(1);
  await clock.advance(59_000);
  expect((await ask()).filter(Boolean)).toHaveLength(0);
  await clock.advance(1000);
  expect((await ask()).filter(Boolean)).toHaveLength(1);
  expect(await takeTurn(store, clock, { name: "by-hand", everyMs: undefined })).toBe(false);
});
