import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../../../core/runtime/clock.ts";
import { CREATE_DEFAULTS } from "../../../../provisioner/ct/request.ts";
import { listAsks, newAsk } from "../../../../provisioner/fleet/asks.ts";
import { readFleet } from "../../../../provisioner/fleet/hosts.ts";
import { placeAsks } from "../../../../provisioner/fleet/place.ts";
import { planPlacement } from "../../../../provisioner/fleet/placement.ts";
import { fitsInto } from "../../../../provisioner/fleet/room.ts";
import type { Store } from "../../../../provisioner/store/types.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { addHost, openSharedStores } from "../../../support/fleet-store.ts";
import { describeIf, hasCommand } from "../../../support/host.ts";

const CREATE = { ...CREATE_DEFAULTS, kind: "create", name: "web", image: "debian:12", net: "front" } as const;
const NEEDS = { cpus: 1, memoryBytes: 2 ** 29, diskBytes: 2 ** 30 };

describeIf(hasCommand("etcd"))("placements at once", () => {
  const cleanup = new Cleanup();
  let store: Store;
  beforeAll(async () => {
    store = await (await openSharedStores(cleanup))();
  }, 40_000);
  afterAll(() => cleanup.run());

  test("twenty that want one of eight places: eight get one", async () => {
    for (const name of ["h1", "h2"]) await addHost(store, name);
    const place = (name: string): Promise<unknown> =>
      placeAsks(store, systemClock, ({ hosts }) =>
        planPlacement(hosts, [{ name, image: "debian:12", needs: NEEDS }], {
          hostLabels: {},
          partial: false,
        }).placed.map(({ host }) => newAsk(host, "operation", { ...CREATE, names: [name] })),
      );
    await Promise.all(Array.from({ length: 20 }, (_, index) => place(`web-${index}`)));

    expect(await listAsks(store)).toHaveLength(8);
    for (const { used, capacity } of (await readFleet(store)).hosts) {
      expect(used.cpus).toBe(4);
      expect(fitsInto(used, capacity)).toBe(true);
    }
  });
});
