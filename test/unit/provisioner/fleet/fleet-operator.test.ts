import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../../../core/runtime/clock.ts";
import { PlimsollError } from "../../../../core/runtime/errors.ts";
import type { Operator, Outcome } from "../../../../provisioner/ct/operator.ts";
import { type ChangeRequest, CREATE_DEFAULTS } from "../../../../provisioner/ct/request.ts";
import { listAsks } from "../../../../provisioner/fleet/asks.ts";
import { beatKey } from "../../../../provisioner/fleet/documents.ts";
import { concernsFleet, divideByHost, FleetOperator } from "../../../../provisioner/fleet/fleet-operator.ts";
import type { PlacementRules } from "../../../../provisioner/fleet/placement.ts";
import { listMachines } from "../../../../provisioner/machines/machines.ts";
import type { Store } from "../../../../provisioner/store/types.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { AskedHost, addHost, addMachine, openSharedStores } from "../../../support/fleet-store.ts";
import { describeIf, hasCommand } from "../../../support/host.ts";

const CREATE = { ...CREATE_DEFAULTS, kind: "create", name: "web", image: "debian:12", net: "front" } as const;
const EVENLY: PlacementRules = { hostLabels: {}, spread: "host", partial: false };
const SILENT = { begin: () => {}, done: () => {} };
const NEVER = new AbortController().signal;

describeIf(hasCommand("etcd"))("a request for the machines of several hosts", () => {
  const cleanup = new Cleanup();
  let fresh: () => Promise<Store>;
  let store: Store;
  let here: ChangeRequest[];
  beforeAll(async () => {
    fresh = await openSharedStores(cleanup);
  }, 40_000);
  beforeEach(async () => {
    store = await fresh();
    here = [];
    for (const name of ["h1", "h2"]) await addHost(store, name);
  });
  afterAll(() => cleanup.run());

  /** On h1, whose own machines are changed without asking. */
  function operator(rules: PlacementRules = EVENLY): FleetOperator {
    const local: Operator = {
      plan: async () => [],
      carryOut: async (request) => {
        here.push(request);
        return { done: request.kind === "create" ? [] : request.names, machines: [], failures: [] };
      },
    };
    return new FleetOperator(
      { store, clock: systemClock, here: "h1", local: (use) => use(local), look: async () => [] },
      rules,
    );
  }
  const carryOut = (request: ChangeRequest, rules?: PlacementRules): Promise<Outcome> =>
    operator(rules).carryOut(request, SILENT, NEVER);
  function start(name: string, refuse?: (request: ChangeRequest) => void): AskedHost {
    const host = new AskedHost(store, name, refuse);
    host.start(cleanup);
    return host;
  }
  const refuseCreation = ({ kind }: ChangeRequest): void => {
    if (kind === "create") throw new PlimsollError("NO_SHIM", "shim: nothing is mounted");
  };

  test("each host gets its part, this one without being asked", async () => {
    for (const [name, host] of [
      ["a", "h1"],
      ["b", "h2"],
      ["c", "h2"],
    ] as const)
      await addMachine(store, name, host);
    const two = start("h2");

    expect(await carryOut({ kind: "stop", names: ["a", "b", "c", "a"] })).toMatchObject({
      done: ["a", "b", "c"],
      failures: [],
    });
    expect(here).toEqual([{ kind: "stop", names: ["a"] }]);
    expect(two.done).toEqual([{ kind: "stop", names: ["b", "c"] }]);
  });

  test("new ones go where there is room, all by asking: it counts from then on", async () => {
    const [one, two] = [start("h1"), start("h2")];

    expect((await carryOut({ ...CREATE, count: 4 })).done.toSorted()).toEqual([
      "web-1",
      "web-2",
      "web-3",
      "web-4",
    ]);
    expect([one.done, two.done]).toMatchObject([
      [{ kind: "create", names: ["web-1", "web-3"] }],
      [{ kind: "create", names: ["web-2", "web-4"] }],
    ]);
    expect(here).toEqual([]);
  });

  test("where one host makes nothing of its part the other takes its part back", async () => {
    const one = start("h1");
    start("h2", refuseCreation);
    const { done, failures } = await carryOut({ ...CREATE, count: 2 });

    expect(done).toEqual([]);
    expect(failures.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
      { name: "web-1", state: "undone" },
      { name: "web-2", state: "undone", error: "shim: nothing is mounted" },
    ]);
    expect(one.done.at(-1)).toEqual({ kind: "destroy", names: ["web-1"] });
    expect(await listMachines(store)).toEqual([]);
  });

  test("unless those are wanted that could be made", async () => {
    start("h1");
    start("h2", refuseCreation);

    expect(await carryOut({ ...CREATE, count: 2, partial: true })).toMatchObject({
      done: ["web-1"],
      failures: [{ name: "web-2", state: "undone" }],
    });
    expect((await listMachines(store)).map(({ machine }) => machine.name)).toEqual(["web-1"]);
  });

  test("without room nothing is asked, with some of it only for some", async () => {
    await expect(carryOut({ ...CREATE, cpus: "9" })).rejects.toThrow("--cpus");
    await expect(carryOut({ ...CREATE, cpus: "3", count: 3 })).rejects.toThrow(
      "web-3: no host for it: h1 has 1 CPUs",
    );
    expect(await listAsks(store)).toEqual([]);
    start("h1");
    start("h2");
    const some = await carryOut({ ...CREATE, cpus: "3", count: 3, partial: true });
    expect(some).toMatchObject({ done: ["web-1", "web-2"], failures: [{ name: "web-3", state: "undone" }] });
  });

  test("what the only host says no to is thrown as it was said; a lost one is not asked", async () => {
    await addMachine(store, "a", "h2");
    start("h2", () => {
      throw new PlimsollError("BUSY", "container a: its resize has not ended");
    });
    await expect(carryOut({ kind: "stop", names: ["a"] })).rejects.toMatchObject({ code: "BUSY" });
    await store.transact({ expect: [], remove: [beatKey("h2")] });

    await expect(carryOut({ kind: "stop", names: ["a"] })).rejects.toThrow("host h2: is lost");
  });

  test("a plan is put together from all of them, and takes no room", async () => {
    start("h1");
    start("h2");
    const steps = await operator().plan({ ...CREATE, count: 2 }, NEVER);

    expect(steps.map(({ machine }) => machine.name)).toEqual(["h1", "h2"]);
    expect(await listAsks(store)).toEqual([]);
  });

  test("what is for this host alone is not for the fleet", async () => {
    await addMachine(store, "a", "h1");
    await addMachine(store, "b", "h2");

    expect(await concernsFleet(store, "h1", { kind: "stop", names: ["a"] })).toBe(false);
    expect(await concernsFleet(store, "h1", { kind: "stop", names: ["a", "b"] })).toBe(true);
    expect(await concernsFleet(store, "h1", { kind: "repair", names: [] })).toBe(false);
    expect(await concernsFleet(store, "h1", CREATE)).toBe(true);
    expect(await concernsFleet(await fresh(), "h1", CREATE)).toBe(false);
    expect(await concernsFleet(await fresh(), "h1", CREATE, "h2")).toBe(true);
    expect(await concernsFleet(store, "h1", CREATE, "h1")).toBe(true);
    await store.transact({ expect: [], remove: [beatKey("h1")] });
    expect(await concernsFleet(store, "h1", CREATE, "h1")).toBe(false);
    expect(await divideByHost(store, "h1", { kind: "repair", names: [] })).toHaveLength(1);
    await expect(divideByHost(store, "h1", { kind: "stop", names: ["x"] })).rejects.toThrow(
      "container x: not found",
    );
  });
});
