import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../../../core/runtime/clock.ts";
import { openDockerEngine } from "../../../../provisioner/docker/engine.ts";
import { beatKey, factsKey } from "../../../../provisioner/fleet/documents.ts";
import { readFleet } from "../../../../provisioner/fleet/hosts.ts";
import {
  keepRegistered,
  readFacts,
  refuseNamesake,
  register,
} from "../../../../provisioner/fleet/register.ts";
import { parseHostConfig } from "../../../../provisioner/host/config.ts";
import type { Store } from "../../../../provisioner/store/types.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { addHost, factsOf, openSharedStores } from "../../../support/fleet-store.ts";
import { describeIf, hasCommand } from "../../../support/host.ts";
import { recordLog } from "../../../support/record-log.ts";
import { waitFor } from "../../../support/wait-for.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("a host is what its configuration says, and where that says nothing what there is", async () => {
  const data = cleanup.temporaryFolder();
  const told = { name: "h1", data, address: "10.0.0.1", labels: ["rack=a"] };
  const found = await readFacts(parseHostConfig("h", told));
  const said = await readFacts(
    parseHostConfig("h", { ...told, capacity: { cpus: 64, memory: "1G", disk: "2G" } }),
  );

  expect(found).toMatchObject({ name: "h1", address: "10.0.0.1", labels: { rack: "a" } });
  for (const amount of Object.values(found.capacity)) expect(amount).toBeGreaterThan(0);
  expect(said.capacity).toEqual({ cpus: 64, memoryBytes: 2 ** 30, diskBytes: 2 ** 31 });
});

describeIf(hasCommand("etcd"))("with a shared store", () => {
  let fresh: () => Promise<Store>;
  beforeAll(async () => {
    fresh = await openSharedStores(cleanup);
  }, 40_000);

  test("facts are written when they have changed, each beat is", async () => {
    const store = await fresh();
    const beat = { atMs: 1, machine: "m", running: [], images: [] };
    const revisionOf = async (key: string): Promise<number> => (await store.get(key))?.revision ?? 0;
    await register(store, factsOf("h1"), beat);
    const first = await revisionOf(factsKey("h1"));
    await register(store, factsOf("h1"), { ...beat, atMs: 2 });

    expect(await revisionOf(factsKey("h1"))).toBe(first);
    expect(await revisionOf(beatKey("h1"))).toBeGreaterThan(first);
    await register(store, factsOf("h1", { address: "10.0.0.9" }), beat);
    expect(await revisionOf(factsKey("h1"))).toBeGreaterThan(first);
  });

  test("a host whose engine is away reports all the same", async () => {
    const store = await fresh();
    const data = cleanup.temporaryFolder();
    const config = parseHostConfig("h", { name: "h1", data, address: "10.0.0.1" });
    const docker = openDockerEngine(join(data, "nobody.sock"));
    const stop = new AbortController();
    const parts = { store, clock: systemClock, docker };
    const over = keepRegistered(parts, config, recordLog(), stop.signal);

    const [host] = await waitFor("a report", async () => {
      const { hosts } = await readFleet(store);
      return hosts.length === 1 && hosts;
    });
    expect(host).toMatchObject({ name: "h1", state: "ready", images: [] });
    stop.abort();
    await over;
    await docker.close();
  });

  test("of two machines that have one name the second is refused", async () => {
    const store = await fresh();
    await refuseNamesake(store, "h1", "machine of h1");
    await addHost(store, "h1");

    await refuseNamesake(store, "h1", "machine of h1");
    await expect(refuseNamesake(store, "h1", "a clone")).rejects.toThrow("host h1: another machine reports");
  });
});
