import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { systemClock } from "../../../../../core/runtime/clock.ts";
import { parseHostConfig } from "../../../../../provisioner/host/config.ts";
import { keepWarm, takeTurn } from "../../../../../provisioner/images/warm/schedule.ts";
import { openStore } from "../../../../../provisioner/store/open.ts";
import { Cleanup } from "../../../../support/cleanup.ts";
import { makeTar } from "../../../../support/make-tar.ts";
import { ManualClock } from "../../../../support/manual-clock.ts";
import { MemoryEngine } from "../../../../support/memory-engine.ts";
import { MemoryRegistry } from "../../../../support/memory-registry.ts";
import { recordLog } from "../../../../support/record-log.ts";
import { waitFor } from "../../../../support/wait-for.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
afterEach(() => vi.unstubAllEnvs());

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

test("as often as a rule says, whatever becomes of another; what is wrong is told once", async () => {
  const engine = await new MemoryEngine().start(cleanup);
  const server = await new MemoryRegistry().start(cleanup);
  server.putImage("app", "v1", makeTar([{ name: "a" }]));
  const store = await openStore(join(cleanup.temporaryFolder(), "state.db"));
  cleanup.add("store", () => store.close());
  const file = join(cleanup.temporaryFolder(), "registry.json");
  const registries = { away: { url: "http://127.0.0.1:1" }, one: { url: server.url } };
  const warm = { a: { registry: "away", every: "100ms" }, b: { registry: "one", every: "100ms" } };
  writeFileSync(file, JSON.stringify({ registries, warm }));
  vi.stubEnv("PLIMSOLL_REGISTRY_CONFIG", file);
  const config = parseHostConfig("host.json", { name: "h1", docker: engine.socket });
  const log = recordLog();
  const stop = new AbortController();
  const keeping = keepWarm({ store, clock: systemClock, config }, log, stop.signal);

  await waitFor("two looks", () => log.lines.filter(({ fields }) => fields.rule === "b").length >= 2);
  expect(engine.pulls).toHaveLength(1);
  server.putImage("app", "v2", makeTar([{ name: "b" }]));
  await waitFor("what is new", () => engine.pulls.length === 2);
  stop.abort();
  await keeping;
  const warnings = log.lines.filter(({ level }) => level === "warn");
  expect(warnings.map(({ fields }) => fields)).toEqual([
    { rule: "a", problem: expect.stringContaining("127.0.0.1:1") },
  ]);
});
