import { afterEach, expect, test } from "vitest";
import { NotFoundError } from "../../../../core/runtime/errors.ts";
import { createNetwork, listNetworks, readNetwork } from "../../../../provisioner/networks/networks.ts";
import { openEmbeddedStore } from "../../../../provisioner/store/embedded.ts";
import { SetClock, specOf } from "../../../support/networks.ts";

let store = openEmbeddedStore(":memory:");
const clock = new SetClock();
afterEach(async () => {
  await store.close();
  store = openEmbeddedStore(":memory:");
});

test("made once, found just so again, refused when it differs", async () => {
  expect(await createNetwork(store, clock, specOf())).toBe(true);
  expect(await createNetwork(store, clock, specOf())).toBe(false);
  await expect(createNetwork(store, clock, specOf({ quarantineSeconds: 60 }))).rejects.toThrow(
    "network web: is there with quarantineSeconds 600 (wanted 60)",
  );

  const { network } = await readNetwork(store, "web");
  expect(network).toEqual({ ...specOf(), state: "active", createdMs: clock.now });
  await expect(readNetwork(store, "db")).rejects.toThrow(NotFoundError);
});

test("networks do not overlap, of one VLAN or of two: a machine is known by its address alone", async () => {
  await createNetwork(store, clock, specOf());

  await expect(createNetwork(store, clock, specOf({ name: "b", cidr: "10.0.0.128/25" }))).rejects.toThrow(
    "network b: 10.0.0.128/25 overlaps network web (10.0.0.0/24, VLAN 100)",
  );
  await createNetwork(store, clock, specOf({ name: "b", cidr: "10.0.1.0/24" }));
  await expect(createNetwork(store, clock, specOf({ name: "a", vlan: "101" }))).rejects.toThrow("VLAN 100");
  await createNetwork(store, clock, specOf({ name: "a", vlan: "101", cidr: "10.0.2.0/24" }));
  expect((await listNetworks(store)).map(({ name }) => name)).toEqual(["a", "b", "web"]);
});

test("of many that would overlap, made at once, one is", async () => {
  const names = Array.from({ length: 10 }, (_, i) => `n${i}`);
  const results = await Promise.allSettled(
    names.map((name, index) => createNetwork(store, clock, specOf({ name, vlan: `${100 + (index % 2)}` }))),
  );

  expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect(await listNetworks(store)).toHaveLength(1);
});

test("the same one, made by many at once, is made by one", async () => {
  const results = await Promise.all(Array.from({ length: 10 }, () => createNetwork(store, clock, specOf())));

  expect(results.filter(Boolean)).toHaveLength(1);
});
