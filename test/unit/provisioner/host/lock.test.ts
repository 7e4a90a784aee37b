import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { systemClock } from "../../../../core/runtime/clock.ts";
import { takeGroundLock, takeHostLock, takeHostOr, type Waiting } from "../../../../provisioner/host/lock.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
const host = (): { readonly data: string } => ({ data: join(cleanup.temporaryFolder(), "machines") });
const waiting = (more: Partial<Waiting> = {}): Waiting => ({
  ...{ clock: systemClock, signal: new AbortController().signal, onWait: () => {} },
  ...more,
});

test("one at a time: the second waits, is told once for whom, and gets it when the first is done", async () => {
  const ours = host();
  const release = await takeHostLock(ours, waiting());
  const owners: string[] = [];
  const second = takeHostLock(ours, waiting({ onWait: (owner) => owners.push(owner) }));
  await systemClock.sleep(250);
  expect(owners).toEqual([expect.stringMatching(`^process ${process.pid} `)]);

  release();

  (await second)();
});

test("what machines stand on has a lock of its own, and so has another host", async () => {
  const onWait = (): void => expect.fail("it waits for the other");
  const ours = host();
  const path = join(ours.data, "ground.lock");
  const all = [
    await takeHostLock(ours, waiting()),
    await takeHostLock(host(), waiting({ onWait })),
    await takeGroundLock(waiting({ onWait }), path),
  ];

  for (const release of all) release();
});

test("patience ends, and so does waiting when it is interrupted", async () => {
  const ours = host();
  const release = await takeHostLock(ours, waiting());
  const controller = new AbortController();

  await expect(takeHostLock(ours, waiting({ patienceMs: 100 }))).rejects.toThrow(
    `this host is being changed by process ${process.pid} (`,
  );
  const interrupted = waiting({ signal: controller.signal, onWait: () => controller.abort() });
  await expect(takeHostLock(ours, interrupted)).rejects.toThrow();
  release();
});

test("whoever finds something better meanwhile takes that", async () => {
  const ours = host();
  const release = await takeHostLock(ours, waiting());
  let asked = 0;
  const instead = async (): Promise<string | undefined> => (++asked > 2 ? "a daemon" : undefined);

  expect(await takeHostOr(ours, waiting(), instead)).toBe("a daemon");
  release();
});
