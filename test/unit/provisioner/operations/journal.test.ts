import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../../../core/runtime/clock.ts";
import { listMachines } from "../../../../provisioner/machines/machines.ts";
import { Journal, MAX_MACHINES } from "../../../../provisioner/operations/journal.ts";
import { openEmbeddedStore } from "../../../../provisioner/store/embedded.ts";
import type { Store } from "../../../../provisioner/store/types.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { MACHINE } from "../../../support/machine-model.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
let store: Store;
let journal: Journal;
beforeEach(() => {
  store = openEmbeddedStore(join(cleanup.temporaryFolder(), "state.db"));
  cleanup.add("store", () => store.close());
  journal = new Journal(store, systemClock, "h1");
});

const record = (number: number) => ({
  machine: { ...MACHINE, id: `id-${number}`, name: `web-${number}` },
  host: "h1",
  createdMs: 1,
});

test("as many machines as fit one transaction, and they are busy until it ends", async () => {
  const changes = Array.from({ length: MAX_MACHINES }, (_, number) => ({ after: record(number), steps: [] }));
  const operation = await journal.begin("create", "together", changes);
  expect(new Set((await listMachines(store)).map(({ busy }) => busy))).toEqual(new Set(["create"]));

  await journal.end(
    operation,
    operation.tracks.map((track) => ({ track, state: "done" })),
  );

  expect(await journal.list()).toEqual([]);
  expect(new Set((await listMachines(store)).map(({ busy }) => busy))).toEqual(new Set([undefined]));
});

test("hosts do not see each other's operations", async () => {
  await journal.begin("create", "together", [{ after: record(1), steps: [] }]);

  expect(await journal.list()).toHaveLength(1);
  expect(await new Journal(store, systemClock, "h2").list()).toEqual([]);
});

test("a machine that was changed since it was read is not changed again", async () => {
  const operation = await journal.begin("create", "together", [{ after: record(1), steps: [] }]);
  const [stale] = await listMachines(store);
  await journal.end(
    operation,
    operation.tracks.map((track) => ({ track, state: "done" })),
  );

  const changes = [{ before: stale, after: record(1), steps: [] }];
  await expect(journal.begin("resize", "apart", changes)).rejects.toThrow("changed by somebody else");
});

test("what is stuck stays with its operation while the others end", async () => {
  const changes = [1, 2].map((number) => ({ after: record(number), steps: [] }));
  const operation = await journal.begin("create", "apart", changes);
  await journal.end(
    operation,
    operation.tracks.map((track, index) => ({ track, state: index === 0 ? "stuck" : "done" })),
  );

  const [left] = await journal.list();
  expect(left?.tracks.map(({ key }) => key.split("/").at(-1))).toEqual(["id-1"]);
  expect((await listMachines(store)).map(({ busy }) => busy)).toEqual(["create", undefined]);
});
