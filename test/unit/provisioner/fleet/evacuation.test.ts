import { expect, test } from "vitest";
import { asksOf, planEvacuation } from "../../../../provisioner/fleet/evacuation.ts";
import { fleetHostOf, foundOf } from "../../../support/fleet-store.ts";

const GIB = 2 ** 30;

function limitsOf(gibibytes: number): { cpus: number; cpuset: string; memoryBytes: number } {
  return { cpus: 1, cpuset: "0", memoryBytes: gibibytes * GIB };
}

test("only a fenced host is left", () => {
  for (const state of ["ready", "draining", "lost"] as const)
    expect(() => planEvacuation({ hosts: [fleetHostOf("h1", { state })], machines: [] }, "h1")).toThrow(
      `host h1: is ${state}, not fenced`,
    );
  expect(() => planEvacuation({ hosts: [], machines: [] }, "h9")).toThrow("host h9: not in the fleet");
});

test("the largest first, each where there is room, the others stay", () => {
  const hosts = [
    fleetHostOf("h1", { state: "fenced" }),
    fleetHostOf("h2"),
    fleetHostOf("h3", { state: "lost" }),
  ];
  const machines = [
    foundOf("small", "h1", { limits: limitsOf(1) }),
    foundOf("large", "h1", { limits: limitsOf(6), image: "debian:13" }),
    foundOf("huge", "h1", { limits: limitsOf(9) }),
    foundOf("other", "h2"),
    { ...foundOf("going", "h1"), busy: "evacuate" as const },
  ];
  const plan = planEvacuation({ hosts, machines }, "h1");

  expect(plan.moves).toMatchObject([
    { found: { machine: { name: "large" } }, to: "h2", hasImage: false },
    { found: { machine: { name: "small" } }, to: "h2", hasImage: true },
  ]);
  expect(plan.refused.map(({ name }) => name)).toEqual(["huge"]);
  expect(asksOf(plan)).toMatchObject([
    { host: "h2", request: { kind: "evacuate", names: ["large", "small"], from: "h1" } },
  ]);
});
