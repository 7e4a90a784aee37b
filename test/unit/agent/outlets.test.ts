import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { gauge, point } from "../../../agent/metric.ts";
import { type Flags, readOptions } from "../../../agent/options.ts";
import { Outlets } from "../../../agent/outlets.ts";
import { systemClock } from "../../../core/runtime/clock.ts";
import { Cleanup } from "../../support/cleanup.ts";
import { recordLog } from "../../support/record-log.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const NOW = AbortSignal.abort();

async function open(flags: Flags) {
  const log = recordLog();
  const outlets = new Outlets(systemClock, log);
  const change = async (to: Flags): Promise<void> => {
    const options = await readOptions(to);
    await outlets.change(await outlets.prepare(options), options);
  };
  await change(flags);
  cleanup.add("outlets", () => outlets.close(NOW));
  return { outlets, change, log, close: () => outlets.close(NOW) };
}

const PUSH = ["remote-write+http://127.0.0.1:1/a", "remote-write+http://127.0.0.1:1/b"];
const batch = { identity: {}, series: [point(gauge("m", ""), {}, 1, Date.now())] };

const lengths = ({ outlets }: { outlets: Outlets }): number[] =>
  outlets.all.map((outlet) => outlet.counts().queueLength);

test("each destination has a folder of its own, found again at the next start; others are told", async () => {
  const spool = join(cleanup.temporaryFolder(), "spool");
  const first = await open({ push: PUSH, spool });
  await first.outlets.all[1]?.offer(batch);
  await first.close();
  mkdirSync(join(spool, "stranger"));
  expect(readdirSync(spool)).toHaveLength(3);

  const second = await open({ push: PUSH, spool });
  expect(lengths(second)).toEqual([0, 1]);
  expect(second.log.lines.map(({ message, fields }) => [message, fields])).toEqual([
    ["goes on with what was left", { sink: "remote-write+http://127.0.0.1:1/b", batches: 1 }],
    [
      "spool has samples for destinations that are not configured",
      { directory: spool, strangers: ["stranger"] },
    ],
  ]);
});

test("a spool that cannot be used, or that another agent has, does not keep the agent from starting", async () => {
  const spool = join(cleanup.temporaryFolder(), "spool");
  const first = await open({ push: PUSH, spool });
  const second = await open({ push: PUSH, spool });
  await second.outlets.all[0]?.offer(batch);

  expect(first.log.lines).toEqual([]);
  expect([lengths(first), lengths(second)]).toEqual([
    [0, 0],
    [1, 0],
  ]);
  expect(second.log.lines.slice(0, 2).map(({ message }) => message)).toEqual(
    Array(2).fill("spool cannot be used, samples wait in memory"),
  );
});

test("a destination that stays the same is not touched; one that changes goes on with its spool; one that goes ends", async () => {
  const spool = join(cleanup.temporaryFolder(), "spool");
  const [a = "", b = ""] = PUSH;
  const { outlets, change, log } = await open({ push: PUSH, spool });
  const [kept, changed] = outlets.all;
  await changed?.offer(batch);
  await change({ push: [a, b], spool, interval: "10s" });
  expect(outlets.all).toEqual([kept, changed]);

  await change({ push: [b], spool, interval: "1m" });
  expect(outlets.all.map(({ name }) => name)).toEqual([b]);
  expect(outlets.all[0]).not.toBe(changed);
  expect(lengths({ outlets })).toEqual([1]);
  expect(log.lines.map(({ message }) => message)).toContain("goes on with what was left");
  expect(readdirSync(spool)).toHaveLength(2);
});

test("memory is a warning unless it was chosen", async () => {
  const options = await readOptions({ push: PUSH, spool: "none" });
  const log = recordLog();
  const outlets = new Outlets(systemClock, log);
  const spool = { ...options.spool, isFallback: true };
  await outlets.change(await outlets.prepare(options), { ...options, spool });
  await outlets.close(NOW);

  expect(log.lines).toMatchObject([{ level: "warn", message: expect.stringContaining("give --spool DIR") }]);
  expect((await open({ push: PUSH, spool: "none" })).log.lines).toEqual([]);
});
