import { expect, test } from "vitest";
import { Following } from "../../../../collector/lifecycle/following.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { recordLog } from "../../../support/record-log.ts";

test("fails and comes back: each is told once, and it is connected in between", async () => {
  const [clock, log, stop] = [new ManualClock(), recordLog(), new AbortController()];
  clock.sleep = () => Promise.resolve();
  const following = new Following({ kind: "engine", which: { engine: "a" }, clock, log });
  const seen: boolean[] = [];
  let round = 0;

  await following.run(async () => {
    seen.push(following.isConnected);
    if (++round < 3) throw new Error("away");
    following.connected();
    seen.push(following.isConnected);
    if (round === 4) stop.abort();
  }, stop.signal);

  expect(seen).toEqual([false, false, false, true, false, true]);
  expect(log.lines.map(({ message }) => message)).toEqual(["engine does not answer", "engine answers again"]);
});
