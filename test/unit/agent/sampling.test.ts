import { expect, test, vi } from "vitest";
import { readOptions } from "../../../agent/options.ts";
import { openLanes, openSampling } from "../../../agent/sampling.ts";
import { systemClock } from "../../../core/runtime/clock.ts";
import { recordLog } from "../../support/record-log.ts";

test("this machine's own /proc gives every family", async () => {
  const log = recordLog();
  const { sampler, identity, files } = openSampling(await readOptions({ ip: "10.0.0.7" }), systemClock, log);
  const series = (await sampler.sample(systemClock.nowMs())).flatMap((answer) => answer.series);

  expect(series.filter(({ name, samples }) => name.endsWith("_success") && samples[0]?.value !== 1)).toEqual(
    [],
  );
  expect(series.filter(({ samples }) => !Number.isFinite(samples[0]?.value))).toEqual([]);
  expect(await identity.labels()).toMatchObject({ instance: "10.0.0.7" });
  expect(files.stuck()).toEqual([]);
  expect(log.lines).toEqual([]);
  await files.close();
});

/** How many operations run at a time with this size of libuv's pool, in both lanes. */
async function slotsWith(threads: string): Promise<number> {
  vi.stubEnv("UV_THREADPOOL_SIZE", threads);
  const lanes = openLanes(systemClock);
  vi.unstubAllEnvs();
  let running = 0;
  const never = (): Promise<void> => {
    running += 1;
    return new Promise(() => {});
  };
  for (const lane of [lanes.kernel, lanes.mounts]) {
    for (let i = 0; i < 20; i++) lane.run(`/${i}`, never).catch(() => {});
  }
  await new Promise((resolve) => setImmediate(resolve));
  return running;
}

test("two threads of the pool are never taken by files, and each lane has its own", async () => {
  expect(await slotsWith("8")).toBe(6);
  expect(await slotsWith("many")).toBe(2);
  expect(await slotsWith("1")).toBe(2);
});
