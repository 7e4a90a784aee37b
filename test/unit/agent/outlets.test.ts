import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { gauge, point } from "../../../agent/metric.ts";
import { type Flags, readOptions } from "../../../agent/options.ts";
import { openOutlets, spoolFolder } from "../../../agent/outlets.ts";
import { systemClock } from "../../../core/runtime/clock.ts";
import { Cleanup } from "../../support/cleanup.ts";
import { recordLog } from "../../support/record-log.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

async function open(flags: Flags) {
  const log = recordLog();
  const opened = await openOutlets(await readOptions(flags), systemClock, log);
  cleanup.add("outlets", () => opened.close());
  return { ...opened, log };
}

const PUSH = ["remote-write+http://127.0.0.1:1/a", "remote-write+http://127.0.0.1:1/b"];
const batch = { identity: {}, series: [point(gauge("m", ""), {}, 1, Date.now())] };

test("each destination has a folder of its own, found again at the next start; others are told", async () => {
  const spool = join(cleanup.temporaryFolder(), "spool");
  const first = await open({ push: PUSH, spool });
  await first.outlets[1]?.offer(batch);
  await first.close();
  mkdirSync(join(spool, "stranger"));
  expect(readdirSync(spool)).toHaveLength(3);

  const second = await open({ push: PUSH, spool });
  expect(second.outlets.map((outlet) => outlet.counts().queueLength)).toEqual([0, 1]);
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
  await second.outlets[0]?.offer(batch);

  expect(first.log.lines).toEqual([]);
  expect(first.outlets.map((outlet) => outlet.counts().queueLength)).toEqual([0, 0]);
  expect(second.outlets.map((outlet) => outlet.counts().queueLength)).toEqual([1, 0]);
  expect(second.log.lines.map(({ message }) => message)).toEqual(
    Array(2).fill("spool cannot be used, samples wait in memory"),
  );
});

test("memory is a warning unless it was chosen", async () => {
  const options = await readOptions({ push: PUSH, spool: "none" });
  const log = recordLog();
  const opened = await openOutlets(
    { ...options, spool: { ...options.spool, isFallback: true } },
    systemClock,
    log,
  );
  await opened.close();

  expect(log.lines).toMatchObject([{ level: "warn", message: expect.stringContaining("give --spool DIR") }]);
  expect((await open({ push: PUSH, spool: "none" })).log.lines).toEqual([]);
});

test("a folder's name is readable, a file name, and another for another destination", () => {
  const names = [
    "influx+http://h:1/write",
    "influx+http://h:1/write/",
    `influx+http://${"x".repeat(200)}/`,
  ].map(spoolFolder);

  expect(names[0]).toMatch(/^influx_http_h_1_write-[0-9a-f]{8}$/);
  expect(new Set(names).size).toBe(3);
  for (const name of names) expect(name).toMatch(/^[A-Za-z0-9._-]{1,90}$/);
});
