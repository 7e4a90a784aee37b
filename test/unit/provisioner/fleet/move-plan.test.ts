import { expect, test } from "vitest";
import { planMove, renderMovePlan } from "../../../../provisioner/fleet/move-plan.ts";
import { fleetHostOf, foundOf } from "../../../support/fleet-store.ts";

const HOSTS = [fleetHostOf("h1"), fleetHostOf("h2", { images: [] })];

test("steps, data and downtime", () => {
  const plan = planMove({ hosts: HOSTS, machines: [foundOf("web", "h1")] }, "web", "h2");

  expect(renderMovePlan(plan)).toBe(
    [
      " 1  h2: fetch image debian:12",
      " 2  h2: create a data volume of 1 GiB, xfs",
      " 3  h1: stop container 1, up to 10 s",
      " 4  h1: unplug the card; address and MAC of network front stay the machine's",
      " 5  copy up to 1 GiB of data from h1 to h2, about 11 s at 100 MiB/s",
      " 6  h2: create container 2 of debian:12, plug the card, announce the address",
      " 7  h2: start container 2, verify from inside",
      " 8  h1: remove the container, wipe and remove the data volume",
      "data 1 GiB, downtime about 24 s",
      "",
    ].join("\n"),
  );
});

test("one that is stopped has no downtime", () => {
  const plan = planMove({ hosts: HOSTS, machines: [foundOf("web", "h1", { power: "off" })] }, "web", "h2");

  expect(plan).toMatchObject({ downtimeSeconds: 0, obstacles: [] });
  expect(plan.steps.some((step) => step.includes("stop"))).toBe(false);
});

test("what is in the way is said, and then there are no steps", () => {
  const full = fleetHostOf("h2", { used: { cpus: 4, memoryBytes: 0, diskBytes: 0 } });
  const machines = [{ ...foundOf("web", "h1"), busy: "resize" as const }];
  const plan = planMove({ hosts: [fleetHostOf("h1", { state: "lost" }), full], machines }, "web", "h2");

  expect(renderMovePlan(plan)).toBe(
    "web cannot move from h1 to h2: h1 is lost: its data cannot be read, h2 has 0 CPUs free, 0.5 needed, its resize has not ended\n",
  );
  expect(plan).toMatchObject({ steps: [], downtimeSeconds: 0 });
});

test("a move that is none, or of or to nobody", () => {
  const fleet = { hosts: HOSTS, machines: [foundOf("web", "h1")] };

  expect(() => planMove(fleet, "web", "h1")).toThrow("container web is on h1 already");
  expect(() => planMove(fleet, "web", "h9")).toThrow("host h9: not in the fleet");
  expect(() => planMove(fleet, "db", "h2")).toThrow("container db: not found");
});
