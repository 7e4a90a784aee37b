import fc from "fast-check";
import { expect, test } from "vitest";
import { planMachine, planRemoval } from "../../../../provisioner/plan/plan.ts";
import type { Machine, Observed } from "../../../../provisioner/resources/types.ts";
import { renderStep } from "../../../../provisioner/step/render.ts";
import type { Step } from "../../../../provisioner/step/steps.ts";
import { countRevocable, planUndo } from "../../../../provisioner/step/undo.ts";
import { expectGolden } from "../../../support/golden.ts";
import { applySteps, MACHINE, NOTHING, observedOf } from "../../../support/machine-model.ts";

const limits = fc.record({
  cpus: fc.constantFrom(0.5, 2),
  cpuset: fc.constantFrom("0", "0-1"),
  memoryBytes: fc.constantFrom(2 ** 29, 2 ** 30),
});

/** Any machine, as large on disk as any volume that is found. */
const machines: fc.Arbitrary<Machine> = fc.record({
  ...Object.fromEntries(Object.entries(MACHINE).map(([key, value]) => [key, fc.constant(value)])),
  generation: fc.constantFrom(2, 3),
  limits,
  disk: fc.constantFrom({ bytes: 2 ** 31, fileSystem: "xfs" as const }),
  attach: fc.constantFrom("internal" as const, "veth" as const),
  labels: fc.constantFrom({}, { team: "shop" }),
  power: fc.constantFrom("on" as const, "off" as const),
}) as fc.Arbitrary<Machine>;

/** Any host that crashes, restarts and hands may leave behind. */
const hosts: fc.Arbitrary<Observed> = fc
  .record({
    address: fc.option(
      fc.record({
        text: fc.constant("10.0.0.7"),
        state: fc.constantFrom("reserved" as const, "bound" as const),
      }),
      { nil: undefined },
    ),
    hasImage: fc.boolean(),
    volume: fc.option(fc.record({ bytes: fc.constantFrom(2 ** 30, 2 ** 31), isMounted: fc.boolean() }), {
      nil: undefined,
    }),
    identity: fc.option(
      fc.record({
        generation: fc.constantFrom(1, 2),
        type: fc.constantFrom("container", "db"),
        labels: fc.constantFrom({}, { team: "shop" }),
        address: fc.constantFrom("10.0.0.7", "10.0.0.8"),
      }),
      { nil: undefined },
    ),
    holder: fc.option(fc.record({ isRunning: fc.boolean() }), { nil: undefined }),
    card: fc.option(fc.record({ isPlugged: fc.boolean(), hasAddress: fc.boolean() }), { nil: undefined }),
    containers: fc.uniqueArray(
      fc.record({
        generation: fc.constantFrom(1, 2, 3),
        isRunning: fc.boolean(),
        isOfHolder: fc.boolean(),
        isInPlace: fc.boolean(),
        limits,
      }),
      { selector: ({ generation }) => generation, maxLength: 3 },
    ),
  })
  .map(plausible);

/** What depends on something that is not there is not there either. */
function plausible(host: Observed): Observed {
  const { holder, containers, card } = host;
  const hasCard = card?.isPlugged === true && holder?.isRunning === true;
  // A machine that has lived has its disk: what is planned where that is gone, the disk's own test tells.
  const disk = host.address?.state === "bound" ? { bytes: 2 ** 30, isMounted: false } : undefined;
  return {
    ...host,
    volume: host.volume ?? disk,
    card: card && {
      isPlugged: hasCard,
      hasAddress: hasCard && card.hasAddress && host.address?.state === "bound",
    },
    containers: containers.map((each) => ({
      ...each,
      isOfHolder: each.isOfHolder && holder !== undefined,
      isInPlace: each.isInPlace && each.isRunning && each.isOfHolder && holder?.isRunning === true,
    })),
  };
}

test("nothing is to be done where all is as wanted", () => {
  fc.assert(
    fc.property(machines, (machine) => {
      expect(planMachine(observedOf(machine), machine)).toEqual([]);
    }),
  );
});

test("whatever is found, the plan leads to what is wanted, and none of its steps lacks its ground", () => {
  fc.assert(
    fc.property(hosts, machines, (host, machine) => {
      const after = applySteps(planMachine(host, machine), host);

      expect(planMachine(after, machine)).toEqual([]);
      expect({ ...after, hasImage: true }).toEqual(observedOf(machine));
    }),
    { numRuns: 2000 },
  );
});

test("whatever is found, the removal leaves nothing but the image", () => {
  fc.assert(
    fc.property(hosts, machines, (host, machine) => {
      const after = applySteps(planRemoval(host, machine), host);

      expect({ ...after, hasImage: false }).toEqual(NOTHING);
      expect(planRemoval(after, machine)).toEqual([]);
    }),
  );
});

test("a plan taken back at any step leaves what was there before", () => {
  const ready = observedOf(MACHINE);
  const rebuilt = { ...MACHINE, generation: 2, image: "debian:13" };
  const resized = { ...MACHINE, limits: { cpus: 2, cpuset: "0-1", memoryBytes: 2 ** 30 } };
  const cases: readonly (readonly [Observed, readonly Step[]])[] = [
    [{ ...NOTHING, hasImage: true }, planMachine({ ...NOTHING, hasImage: true }, MACHINE)],
    [ready, planMachine(ready, resized)],
    [{ ...ready, hasImage: true }, planMachine({ ...ready, hasImage: true }, rebuilt)],
    [ready, planRemoval(ready, MACHINE)],
  ];
  for (const [before, steps] of cases) {
    for (let made = 0; made <= countRevocable(steps); made++) {
      const done = steps.slice(0, made);
      expect(applySteps([...done, ...planUndo(done)], before)).toEqual(before);
    }
  }
});

test("the plans of a machine's life, one step a line", () => {
  const ready = observedOf(MACHINE);
  const titled: Readonly<Record<string, readonly Step[]>> = {
    create: planMachine(NOTHING, MACHINE),
    stop: planMachine(ready, { ...MACHINE, power: "off" }),
    start: planMachine(observedOf({ ...MACHINE, power: "off" }), MACHINE),
    "after a reboot of the host": planMachine(
      {
        ...ready,
        volume: { bytes: 2 ** 30, isMounted: false },
        holder: { isRunning: false },
        card: { isPlugged: false, hasAddress: false },
        containers: [
          { generation: 1, isRunning: false, isOfHolder: true, isInPlace: false, limits: MACHINE.limits },
        ],
      },
      MACHINE,
    ),
    resize: planMachine(ready, {
      ...MACHINE,
      limits: { cpus: 2, cpuset: "0-1", memoryBytes: 2 ** 30 },
      disk: { bytes: 2 ** 31, fileSystem: "xfs" },
    }),
    rebuild: planMachine({ ...ready, hasImage: false }, { ...MACHINE, generation: 2, image: "debian:13" }),
    destroy: planRemoval(ready, MACHINE),
  };
  const text = Object.entries(titled).map(
    ([title, steps]) => `${title}\n${steps.map((step) => `  ${renderStep(step)}\n`).join("")}`,
  );

  expectGolden("plans.txt", text.join("\n"));
});
