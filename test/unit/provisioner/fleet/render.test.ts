import { expect, test } from "vitest";
import { HOST_TITLES, hostRow, viewHost } from "../../../../provisioner/fleet/render.ts";
import { fleetHostOf } from "../../../support/fleet-store.ts";

const HOST = fleetHostOf("h1", {
  ...{ seenMs: 1_700_000_000_000, running: new Set(["a"]), machines: 2, labels: { rack: "a", disk: "ssd" } },
  used: { cpus: 0.1 + 0.2, memoryBytes: 2 ** 29, diskBytes: 2 ** 31 },
});

test("for a person", () => {
  expect(hostRow(viewHost(HOST))).toEqual([
    ...["h1", "ready", "10.0.0.1", "2", "0.3/4", "512 MiB/8 GiB", "2 GiB/40 GiB", "rack=a,disk=ssd"],
  ]);
  expect(hostRow(viewHost(fleetHostOf("h1"))).at(-1)).toBe("-");
  expect(HOST_TITLES).toHaveLength(hostRow(viewHost(HOST)).length);
});

test("for a script", () => {
  expect(viewHost(HOST)).toMatchObject({ seen: "2023-11-14T22:13:20.000Z", machines: 2, running: 1 });
  expect(viewHost(fleetHostOf("h1", { state: "lost" }))).toMatchObject({ seen: null, state: "lost" });
});
