import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../../../core/runtime/clock.ts";
import { NotFoundError } from "../../../../core/runtime/errors.ts";
import {
  type Ask,
  changeAsk,
  findAsk,
  newAsk,
  putAsk,
  removeAsk,
} from "../../../../provisioner/fleet/asks.ts";
import { Errand, UNDER_WAY } from "../../../../provisioner/fleet/errand.ts";
import { Journal } from "../../../../provisioner/operations/journal.ts";
import { encodeRequest, requestKey } from "../../../../provisioner/operations/requests.ts";
import type { Step } from "../../../../provisioner/step/steps.ts";
import type { Store } from "../../../../provisioner/store/types.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { AskedHost, addHost, foundOf, openSharedStores } from "../../../support/fleet-store.ts";
import { describeIf, hasCommand } from "../../../support/host.ts";
import { SetClock } from "../../../support/networks.ts";
import { waitFor } from "../../../support/wait-for.ts";

const STOP = { kind: "stop", names: ["web"] } as const;
const SILENT = { begin: () => {}, done: () => {} };
const NEVER = new AbortController().signal;

/** Each look is a minute later. */
class HastyClock extends SetClock {
  override sleep(): Promise<void> {
    this.now += 60_000;
    return Promise.resolve();
  }
}

describeIf(hasCommand("etcd"))("an ask, seen from who asks", () => {
  const cleanup = new Cleanup();
  let fresh: () => Promise<Store>;
  let store: Store;
  beforeAll(async () => {
    fresh = await openSharedStores(cleanup);
    store = await fresh();
  }, 40_000);
  afterAll(() => cleanup.run());

  async function post(host: string, wants: Ask["wants"] = "operation"): Promise<Ask> {
    const ask = newAsk(host, wants, STOP);
    const revision = Number(await store.transact({ expect: [], put: [putAsk(ask)] }));
    return { ...ask, revision };
  }

  test("what has become of it is what the host has written down", async () => {
    new AskedHost(store, "h1").start(cleanup);
    const record = await new Errand(store, systemClock, await post("h1"), SILENT).operation(NEVER);

    expect(record).toMatchObject({ kind: "stop", results: [{ name: "web", state: "done" }] });
  });

  test("a plan is what the host answers, and nothing is left of the question", async () => {
    new AskedHost(store, "h2").start(cleanup);
    const ask = await post("h2", "plan");

    expect(await new Errand(store, systemClock, ask, SILENT).plan(NEVER)).toMatchObject([
      { kind: "startHolder" },
    ]);
    expect(await findAsk(store, ask)).toBeUndefined();
  });

  test("it has begun once its host has written it down; who leaves before is not told", async () => {
    const ask = await post("h12");
    const begun = new Errand(store, systemClock, ask, SILENT).begun(NEVER);
    await addHost(store, "h12");
    await removeAsk(store, (await changeAsk(store, ask, { state: "taken" })) ?? ask);
    const record = { id: ask.id, kind: "stop" as const, digest: "", begunMs: 1, results: [] };
    const put = [{ key: requestKey("h12", ask.id), value: encodeRequest(record) }];
    await store.transact({ expect: [], put });
    expect(await begun).toMatchObject({ id: ask.id, results: [] });

    const taken = await post("h12");
    await changeAsk(store, taken, { state: "taken" });
    await expect(
      new Errand(store, systemClock, taken, SILENT).begun(AbortSignal.abort()),
    ).rejects.toMatchObject({ code: UNDER_WAY });
    expect((await findAsk(store, taken))?.state).toBe("taken");
  });

  test("a refusal is thrown as if it were said here", async () => {
    new AskedHost(store, "h3", () => {
      throw new NotFoundError("container web: not found");
    }).start(cleanup);

    await expect(
      new Errand(store, systemClock, await post("h3"), SILENT).operation(NEVER),
    ).rejects.toBeInstanceOf(NotFoundError);
  });

  test("one that nobody takes is taken back, so that nobody does it later", async () => {
    const ask = await post("h4");

    await expect(new Errand(store, new HastyClock(), ask, SILENT).operation(NEVER)).rejects.toThrow(
      "host h4: stop is not taken by its daemon",
    );
    expect(await findAsk(store, ask)).toBeUndefined();
  });

  test("one that was taken is waited for, and not for ever; a minute once it is interrupted", async () => {
    const ask = await post("h5");
    await addHost(store, "h5");
    await changeAsk(store, ask, { state: "taken" });

    await expect(new Errand(store, new HastyClock(), ask, SILENT).operation(NEVER)).rejects.toThrow(
      "host h5: stop has not ended; its daemon goes on with it",
    );
    const interrupted = new HastyClock();
    const begunMs = interrupted.monotonicMs();
    await expect(
      new Errand(store, interrupted, ask, SILENT).operation(AbortSignal.abort()),
    ).rejects.toMatchObject({ code: UNDER_WAY });
    expect(interrupted.monotonicMs() - begunMs).toBe(120_000);
  });

  test("a plan that was taken and does not come is nothing that is gone on with", async () => {
    const ask = await post("h11", "plan");
    await changeAsk(store, ask, { state: "taken" });

    await expect(new Errand(store, new HastyClock(), ask, SILENT).plan(NEVER)).rejects.toMatchObject({
      code: "UNHEARD",
      message: "host h11: stop is not planned by its daemon",
    });
  });

  test("a host that is lost meanwhile is not waited for: it has what it has taken", async () => {
    const ask = await post("h10");
    await changeAsk(store, ask, { state: "taken" });

    await expect(new Errand(store, new HastyClock(), ask, SILENT).operation(NEVER)).rejects.toMatchObject({
      code: UNDER_WAY,
      message: "host h10: stop has not ended: the host is lost, and goes on with it when it returns",
    });
  });

  test("one that is stuck is told, not waited for", async () => {
    const ask = await post("h9");
    await removeAsk(store, ask);
    const results = [{ name: "web", state: "stuck", error: "no disk" }] as const;
    const value = encodeRequest({ id: ask.id, kind: "stop", digest: "", begunMs: 1, results });
    await store.transact({ expect: [], put: [{ key: requestKey("h9", ask.id), value }] });

    expect(await new Errand(store, systemClock, ask, SILENT).operation(NEVER)).toMatchObject({ results });
  });

  test("one whose lease has ended is not done any more", async () => {
    const ask = await post("h6");
    await removeAsk(store, ask);

    await expect(new Errand(store, systemClock, ask, SILENT).operation(NEVER)).rejects.toThrow(
      "was forgotten before its daemon took it",
    );
  });

  test("interrupted before it is taken it is taken back; after that its host is told", async () => {
    const stop = new AbortController();
    stop.abort();
    const early = await post("h7");
    await expect(new Errand(store, systemClock, early, SILENT).operation(stop.signal)).rejects.toMatchObject({
      code: "INTERRUPTED",
    });
    expect(await findAsk(store, early)).toBeUndefined();

    const late = await post("h7");
    await removeAsk(store, late);
    const record = { id: late.id, kind: "stop" as const, digest: "", begunMs: 1, results: [] };
    const key = requestKey("h7", late.id);
    await store.transact({ expect: [], put: [{ key, value: encodeRequest(record) }] });
    const ended = new Errand(store, systemClock, late, SILENT).operation(stop.signal);
    await waitFor("it is cancelled", async () => (await findAsk(store, late))?.state === "cancelled");
    await store.transact({ expect: [], put: [{ key, value: encodeRequest({ ...record, endedMs: 2 }) }] });
    expect(await ended).toMatchObject({ id: late.id, endedMs: 2 });
  });

  test("the steps of the host's journal are told as they are made", async () => {
    const ask = await post("h8");
    await removeAsk(store, ask);
    const journal = new Journal(store, systemClock, "h8");
    const web = foundOf("web", "h8");
    const steps: readonly Step[] = ["startHolder", "removeHolder"].map(
      (kind) => ({ kind, machine: { id: web.machine.id, name: "web" } }) as Step,
    );
    const request = { id: ask.id, kind: "stop" as const, digest: "", begunMs: 1, results: [] };
    const { tracks, ...operation } = await journal.begin("create", "apart", [{ after: web, steps }], request);
    const told: string[] = [];
    const ended = new Errand(store, systemClock, ask, {
      begin: (step, { number, of }) => told.push(`begin ${step.kind} ${number}/${of}`),
      done: (step) => told.push(`done ${step.kind}`),
    }).operation(NEVER);
    await waitFor("the first", () => told.length === 1);
    const [track] = tracks;
    if (track === undefined) throw new Error("no track");
    const next = await journal.save(track, { cursor: 1 });
    await waitFor("the second", () => told.length === 3);
    const last = await journal.save(next, { cursor: 2 });
    await journal.end({ ...operation, tracks: [last] }, [{ track: last, state: "done" }]);

    expect((await ended).results).toEqual([{ name: "web", id: "id-of-web", state: "done" }]);
    expect(told.slice(0, 3)).toEqual(["begin startHolder 1/2", "done startHolder", "begin removeHolder 2/2"]);
  });
});
