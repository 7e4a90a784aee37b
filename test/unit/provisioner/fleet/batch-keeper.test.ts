import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../../../core/runtime/clock.ts";
import { PlimsollError } from "../../../../core/runtime/errors.ts";
import { CREATE_DEFAULTS } from "../../../../provisioner/ct/request.ts";
import { EventLog, listEvents } from "../../../../provisioner/events/event-log.ts";
import { type Ask, newAsk, putAsk } from "../../../../provisioner/fleet/asks.ts";
import { BatchKeeper } from "../../../../provisioner/fleet/batch-keeper.ts";
import { BATCHES, findBatch, putBatch } from "../../../../provisioner/fleet/batches.ts";
import { orderKey } from "../../../../provisioner/fleet/documents.ts";
import { encodeMachine, machineKey, nameKey } from "../../../../provisioner/machines/documents.ts";
import { listMachines } from "../../../../provisioner/machines/machines.ts";
import type { Store } from "../../../../provisioner/store/types.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { AskedHost, machineOf, openSharedStores } from "../../../support/fleet-store.ts";
import { describeIf, hasCommand } from "../../../support/host.ts";
import { recordLog } from "../../../support/record-log.ts";
import { waitFor } from "../../../support/wait-for.ts";

const CREATE = { ...CREATE_DEFAULTS, kind: "create", name: "web", image: "debian:12", net: "front" } as const;

describeIf(hasCommand("etcd"))("a batch whose command is gone", () => {
  const cleanup = new Cleanup();
  let fresh: () => Promise<Store>;
  let store: Store;
  beforeAll(async () => {
    fresh = await openSharedStores(cleanup);
  }, 40_000);
  beforeEach(async () => {
    store = await fresh();
  });
  afterAll(() => cleanup.run());

  /** As a command writes it that is killed in the next moment. */
  async function ask(): Promise<string> {
    const asks = ["h1", "h2"].map(
      (host): Ask => newAsk(host, "operation", { ...CREATE, names: [`web-${host}`] }),
    );
    await store.transact({ expect: [], put: [...asks.map(putAsk), ...putBatch(asks)] });
    return asks[0]?.id ?? "";
  }
  const names = async (): Promise<readonly string[]> =>
    (await listMachines(store)).map(({ machine }) => machine.name).sort();
  const refusing = (): never => {
    throw new PlimsollError("NO_SHIM", "shim: nothing is mounted");
  };

  test("is there as a whole where each host makes its part", async () => {
    const id = await ask();
    for (const name of ["h1", "h2"]) new AskedHost(store, name).start(cleanup);

    await waitFor("it is forgotten", async () => (await findBatch(store, id)) === undefined);
    expect(await names()).toEqual(["web-h1", "web-h2"]);
  });

  test("is taken back where one makes nothing of its part, and that is told", async () => {
    const id = await ask();
    const one = new AskedHost(store, "h1");
    one.start(cleanup);
    await waitFor("the first part", async () => (await names()).length === 1);
    new AskedHost(store, "h2", refusing).start(cleanup);

    await waitFor("it is taken back", async () => (await findBatch(store, id)) === undefined);
    expect(await names()).toEqual([]);
    expect(one.done.map(({ kind }) => kind)).toEqual(["create", "destroy"]);
    const events = await waitFor("the event", async () => {
      const found = await listEvents(store);
      return found.length > 0 ? found : undefined;
    });
    expect(events).toMatchObject([
      {
        ...{ host: "h1", kind: "create", state: "undone", name: "web-h1", id: "id-of-web-h1" },
        text: "taken back: h2 made nothing of the batch",
      },
    ]);
  });

  test("what is still being made is not taken back before it is", async () => {
    const id = await ask();
    const over = new AbortController();
    const keeper = new BatchKeeper({
      ...{ store, clock: systemClock, host: "h1", log: recordLog() },
      events: new EventLog(store, systemClock, "h1"),
      submit: async () => {},
    });
    const following = keeper.follow(over.signal);
    new AskedHost(store, "h2", refusing).start(cleanup);
    await waitFor("the second part", async () => (await findBatch(store, id))?.parts[1]?.state === "failed");
    await systemClock.sleep(2500);
    over.abort();
    await following;

    expect((await findBatch(store, id))?.parts[0]).toMatchObject({ host: "h1", state: undefined });
    new AskedHost(store, "h1").start(cleanup);
    await waitFor("it is taken back", async () => (await findBatch(store, id)) === undefined);
    expect(await names()).toEqual([]);
  });

  test("one that is damaged keeps no other waiting", async () => {
    await store.transact({ expect: [], put: [{ key: `${BATCHES}0`, value: {} }] });
    const id = await ask();
    for (const name of ["h1", "h2"]) new AskedHost(store, name).start(cleanup);

    await waitFor("it is forgotten", async () => (await findBatch(store, id)) === undefined);
    expect(await names()).toEqual(["web-h1", "web-h2"]);
  });

  test.for([
    ["in vain", async () => {}],
    ["not even begun", refusing],
  ] as const)("what goes %s is not tried again at once", async ([, then]) => {
    const id = await ask();
    const one = new AskedHost(store, "h1");
    one.start(cleanup);
    await waitFor("the first part", async () => (await names()).length === 1);
    await one.stop();
    new AskedHost(store, "h2", refusing).start(cleanup);

    const [tried, over] = [[] as unknown[], new AbortController()];
    const keeper = new BatchKeeper({
      ...{ store, clock: systemClock, host: "h1", log: recordLog() },
      events: new EventLog(store, systemClock, "h1"),
      submit: async (request) => {
        tried.push(request);
        await then();
      },
    });
    const following = keeper.follow(over.signal);
    await waitFor("a try", async () => tried.length > 0);
    await systemClock.sleep(2500);
    over.abort();
    await following;
    expect(tried).toEqual([{ kind: "destroy", names: ["web-h1"] }]);
    expect(await findBatch(store, id)).toBeDefined();
  });

  test.for([
    ["an hour ahead", 3_600_000],
    ["an hour behind", 0],
  ] as const)("a machine of the same name is another's, by a clock that is %s too", async ([, createdMs]) => {
    const id = await ask();
    const one = new AskedHost(store, "h1");
    one.start(cleanup);
    await waitFor("the first part", async () => (await names()).length === 1);
    const machine = { ...machineOf("web-h1"), id: "another" };
    await store.transact({
      expect: [],
      remove: [machineKey("id-of-web-h1")],
      put: [
        { key: machineKey("another"), value: encodeMachine({ machine, host: "h1", createdMs }) },
        { key: nameKey("web-h1"), value: { id: "another" } },
      ],
    });
    new AskedHost(store, "h2", refusing).start(cleanup);

    await waitFor("it is over", async () => (await findBatch(store, id)) === undefined);
    expect(await names()).toEqual(["web-h1"]);
    expect(one.done.map(({ kind }) => kind)).toEqual(["create"]);
  });

  test("a machine of the batch is taken back though its host's clock was put back an hour since", async () => {
    const id = await ask();
    const one = new AskedHost(store, "h1");
    one.start(cleanup);
    await waitFor("the first part", async () => (await names()).length === 1);
    const value = encodeMachine({ machine: machineOf("web-h1"), host: "h1", createdMs: 3_600_000 });
    await store.transact({ expect: [], put: [{ key: machineKey("id-of-web-h1"), value }] });
    new AskedHost(store, "h2", refusing).start(cleanup);

    await waitFor("it is taken back", async () => (await findBatch(store, id)) === undefined);
    expect(await names()).toEqual([]);
  });

  test("it is over without a host that is fenced, and each of its machines there has that told", async () => {
    const id = await ask();
    new AskedHost(store, "h1").start(cleanup);
    await waitFor("the first part", async () => (await names()).length === 1);
    expect(await findBatch(store, id)).toBeDefined();
    const fence = { state: "fenced", sinceMs: 1, by: "h1" };
    await store.transact({ expect: [], put: [{ key: orderKey("h2"), value: fence }] });

    await waitFor("it is over", async () => (await findBatch(store, id)) === undefined);
    expect(await names()).toEqual(["web-h1"]);
    const [event] = await waitFor("the event", async () => {
      const found = await listEvents(store, ["web-h2"]);
      return found.length > 0 ? found : undefined;
    });
    expect(event).toMatchObject({ state: "left", text: "the batch is over without h2, which is fenced" });
  });
});
