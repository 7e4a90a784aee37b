import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../../../core/runtime/clock.ts";
import { CREATE_DEFAULTS } from "../../../../provisioner/ct/request.ts";
import {
  type Ask,
  changeAsk,
  listAsks,
  newAsk,
  putAsk,
  removeAsk,
} from "../../../../provisioner/fleet/asks.ts";
import {
  BATCHES,
  decodeBatch,
  findBatch,
  isGivenUp,
  type JudgedBatch,
  judgeBatch,
  leftTo,
  openParts,
  putBatch,
  saveBatch,
  untilTakenBack,
} from "../../../../provisioner/fleet/batches.ts";
import { orderKey } from "../../../../provisioner/fleet/documents.ts";
import {
  encodeRequest,
  type RequestRecord,
  requestKey,
} from "../../../../provisioner/operations/requests.ts";
import type { Store } from "../../../../provisioner/store/types.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { addHost, openSharedStores } from "../../../support/fleet-store.ts";
import { describeIf, hasCommand } from "../../../support/host.ts";

const CREATE = { ...CREATE_DEFAULTS, kind: "create", name: "web", image: "debian:12", net: "front" } as const;

const FENCE = { key: orderKey("h2"), value: { state: "fenced", sinceMs: 1, by: "h1" } };

function asksFor(...hosts: readonly string[]): readonly Ask[] {
  return hosts.map((host) => newAsk(host, "operation", { ...CREATE, names: [`web-${host}`] }));
}

test("what one host makes alone is no batch", () => {
  expect(putBatch(asksFor("h1"))).toEqual([]);
  expect(putBatch(asksFor("h1", "h2"))).toMatchObject([
    {
      value: {
        parts: [
          { host: "h1", names: ["web-h1"] },
          { host: "h2", names: ["web-h2"] },
        ],
      },
    },
  ]);
});

test.for([
  [{}, "parts: not a list"],
  [{ parts: [{ host: "h1", ask: "1" }] }, "names: nothing is not a list of texts"],
  [{ parts: [{ host: "h1", ask: "1", names: [], state: "odd" }] }, "state: "],
] as const)("a document %j is damaged", ([value, message]) => {
  expect(() => decodeBatch({ name: "s" }, { key: `${BATCHES}1`, value, revision: 1 })).toThrow(message);
});

describeIf(hasCommand("etcd"))("a batch of two hosts", () => {
  const cleanup = new Cleanup();
  let fresh: () => Promise<Store>;
  let store: Store;
  let asks: readonly Ask[];
  beforeAll(async () => {
    fresh = await openSharedStores(cleanup);
  }, 40_000);
  beforeEach(async () => {
    store = await fresh();
    asks = asksFor("h1", "h2");
    await store.transact({ expect: [], put: [...asks.map(putAsk), ...putBatch(asks)] });
  });
  afterAll(() => cleanup.run());

  const judged = async (): Promise<JudgedBatch> => {
    const batch = await findBatch(store, asks[0]?.id ?? "");
    if (batch === undefined) throw new Error("no batch");
    return judgeBatch(store, batch);
  };
  const states = async (): Promise<readonly unknown[]> => (await judged()).parts.map(({ state }) => state);
  /** As its daemon leaves it. */
  async function end(ask: Ask | undefined, changes: Partial<RequestRecord>): Promise<void> {
    if (ask === undefined) throw new Error("no ask");
    const record = { id: ask.id, kind: "create", digest: "", begunMs: 1, results: [], ...changes } as const;
    const key = requestKey(ask.host, ask.id);
    await store.transact({ expect: [], put: [{ key, value: encodeRequest(record) }] });
    await removeAsk(store, {
      ...ask,
      revision: Number((await store.get(`asks/${ask.host}/${ask.id}`))?.revision),
    });
  }

  test("nothing is known of what is asked, taken, or being made", async () => {
    expect(await states()).toEqual([undefined, undefined]);
    await end(asks[0], {});
    expect(await states()).toEqual([undefined, undefined]);
    expect(isGivenUp(await judged())).toBe(false);
  });

  test("a part is made, or is not; one that nobody took is not", async () => {
    await end(asks[0], { results: [{ name: "web-h1", id: "7", state: "done" }], endedMs: 7 });
    expect((await judged()).parts[0]).toMatchObject({ state: "done", made: ["7"] });
    await end(asks[1], { results: [{ name: "web-h2", state: "undone" }] });
    expect(await states()).toEqual(["done", "failed"]);
    expect(isGivenUp(await judged())).toBe(true);
  });

  test("one that was refused is not made, nor is one whose ask is gone", async () => {
    const [first, second] = asks;
    if (first === undefined || second === undefined) throw new Error("no asks");
    const revision = Number((await store.get(`asks/h1/${first.id}`))?.revision);
    await changeAsk(store, { ...first, revision }, { state: "answered", answer: "{}" });
    await removeAsk(store, { ...second, revision });
    expect(await states()).toEqual(["failed", "failed"]);
  });

  test("it is kept while something is to be done, and by who has read it last", async () => {
    const batch = await judged();
    const [one, two] = batch.parts;
    if (one === undefined || two === undefined) throw new Error("no parts");
    const lost: JudgedBatch = {
      ...batch,
      parts: [
        { ...one, state: "done", made: ["7"] },
        { ...two, state: "failed" },
      ],
    };
    expect(await saveBatch(store, lost)).toBe(true);
    expect(await saveBatch(store, lost)).toBe(false);
    // Nobody reports: what h1 has is left to it.
    const left = await untilTakenBack(store, systemClock, batch.id, () => 1);
    expect(left && openParts(left)).toMatchObject([{ host: "h1" }]);

    const { revision } = await judged();
    expect(
      await saveBatch(store, {
        ...lost,
        revision,
        parts: [
          { ...one, state: "undone" },
          { ...two, state: "failed" },
        ],
      }),
    ).toBe(true);
    expect(await findBatch(store, batch.id)).toBeUndefined();
    expect(await untilTakenBack(store, systemClock, batch.id, () => 1)).toBeUndefined();
  });

  test("a host that reports and does not take its part back is not waited for without end", async () => {
    const [first, second] = asks;
    await end(first, { results: [{ name: "web-h1", state: "done" }], endedMs: 7 });
    await end(second, { results: [{ name: "web-h2", state: "undone" }], endedMs: 7 });
    await addHost(store, "h1");
    let looks = 0;
    const clock = { ...systemClock, sleep: async (): Promise<void> => {} };
    const left = await untilTakenBack(store, clock, first?.id ?? "", () => 3 - ++looks);

    expect(left && openParts(left)).toMatchObject([{ host: "h1" }]);
    expect(looks).toBe(3);
  });

  test("a host that an operator has said is off is not waited for, and takes nothing up when it returns", async () => {
    await end(asks[0], { results: [{ name: "web-h1", id: "7", state: "done" }], endedMs: 7 });
    const revision = Number((await store.get(`asks/h2/${asks[1]?.id}`))?.revision);
    if (asks[1] !== undefined) await changeAsk(store, { ...asks[1], revision }, { state: "taken" });
    expect(openParts(await judged())).toMatchObject([{ host: "h2" }]);
    await store.transact({ expect: [], put: [FENCE] });

    const batch = await judged();
    expect([openParts(batch), leftTo(batch), isGivenUp(batch)]).toMatchObject([[], [{ host: "h2" }], false]);
    expect(await saveBatch(store, batch)).toBe(true);
    expect(await findBatch(store, batch.id)).toBeUndefined();
    expect(await listAsks(store, "h2")).toEqual([]);
  });

  test("what such a host was to take back is left to it", async () => {
    await end(asks[1], { results: [{ name: "web-h2", id: "7", state: "done" }], endedMs: 7 });
    await end(asks[0], { results: [{ name: "web-h1", state: "undone" }] });
    expect(openParts(await judged())).toMatchObject([{ host: "h2" }]);
    await store.transact({ expect: [], put: [FENCE] });
    expect(leftTo(await judged())).toMatchObject([{ host: "h2", made: ["7"] }]);
    expect(await saveBatch(store, await judged())).toBe(true);
    expect(await findBatch(store, asks[0]?.id ?? "")).toBeUndefined();
  });

  test("it is forgotten once all is made", async () => {
    for (const ask of asks) await end(ask, { results: [{ name: "x", state: "done" }], endedMs: 7 });
    expect(await saveBatch(store, await judged())).toBe(true);
    expect(await findBatch(store, asks[0]?.id ?? "")).toBeUndefined();
  });
});
