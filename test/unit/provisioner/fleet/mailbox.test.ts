import { afterAll, beforeAll, expect, test } from "vitest";
import { NotFoundError, PlimsollError } from "../../../../core/runtime/errors.ts";
import { type Ask, findAsk, newAsk, putAsk } from "../../../../provisioner/fleet/asks.ts";
import type { Store } from "../../../../provisioner/store/types.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { AskedHost, openSharedStores } from "../../../support/fleet-store.ts";
import { describeIf, hasCommand } from "../../../support/host.ts";
import { waitFor } from "../../../support/wait-for.ts";

const STOP = { kind: "stop", names: ["web"] } as const;

describeIf(hasCommand("etcd"))("what a daemon is asked by other hosts", () => {
  const cleanup = new Cleanup();
  let fresh: () => Promise<Store>;
  let store: Store;
  beforeAll(async () => {
    fresh = await openSharedStores(cleanup);
    store = await fresh();
  }, 40_000);
  afterAll(() => cleanup.run());

  const post = async (ask: Ask): Promise<Ask> => {
    await store.transact({ expect: [], put: [putAsk(ask)] });
    return ask;
  };
  const answerTo = (ask: Ask): Promise<string> =>
    waitFor("an answer", async () => (await findAsk(store, ask))?.answer);

  test("is done, and forgotten once it is written down; what is another's is left", async () => {
    const host = new AskedHost(store, "h1");
    const early = await post(newAsk("h1", "operation", STOP));
    const other = await post(newAsk("h9", "operation", STOP));
    host.start(cleanup);
    await waitFor("what was asked before", () => host.done.length === 1);
    const late = await post(newAsk("h1", "operation", { kind: "start", names: ["web"] }));

    await waitFor("what was asked after", () => host.done.length === 2);
    expect(host.done.map(({ kind }) => kind)).toEqual(["stop", "start"]);
    for (const ask of [early, late])
      await waitFor("nothing is left", async () => (await findAsk(store, ask)) === undefined);
    expect(await findAsk(store, other)).toMatchObject({ state: "asked" });
  });

  test("is refused as it would be at its own socket", async () => {
    new AskedHost(store, "h2", () => {
      throw new NotFoundError("container web: not found");
    }).start(cleanup);
    const ask = await post(newAsk("h2", "operation", STOP));
    const odd = await post(newAsk("h2", "operation", { kind: "stop", names: "web" } as never));

    expect(JSON.parse(await answerTo(ask))).toEqual({ error: "container web: not found", code: "NOT_FOUND" });
    expect(JSON.parse(await answerTo(odd))).toMatchObject({ code: "USAGE" });
  });

  test("a plan is answered, an announcement made, what is cancelled is taken back", async () => {
    const host = new AskedHost(store, "h3");
    host.start(cleanup);
    const plan = await post(newAsk("h3", "plan", STOP));
    await post(newAsk("h3", "announcement", { kind: "repair", names: ["web", "db"] }));
    const cancelled = await post({ ...newAsk("h3", "operation", STOP), state: "cancelled" });

    expect(JSON.parse(await answerTo(plan))).toMatchObject([{ kind: "startHolder" }]);
    await waitFor("the others", () => host.announced.length === 3);
    expect(host.announced.toSorted()).toEqual([`cancelled ${cancelled.id}`, "db", "web"].toSorted());
    expect(host.done).toEqual([]);
  });

  test("what is cancelled after its end is no trouble", async () => {
    const host = new AskedHost(store, "h5");
    host.cancelling = new PlimsollError("ENDED", "operation 1: has ended");
    host.start(cleanup);
    const late = await post({ ...newAsk("h5", "operation", STOP), state: "cancelled" });
    await waitFor("it is forgotten", async () => (await findAsk(store, late)) === undefined);
    host.cancelling = new PlimsollError("STORE", "store: no answer");
    await post({ ...newAsk("h5", "operation", STOP), state: "cancelled" });

    await waitFor("what is one is told", () => host.log.lines.some(({ level }) => level === "error"));
    await host.stop();
    expect(host.log.lines.filter(({ level }) => level === "error")).toMatchObject([
      { fields: { problem: "store: no answer" } },
    ]);
  });

  test("what a daemon that was killed had taken is done by the next", async () => {
    const taken = await post({ ...newAsk("h4", "operation", STOP), state: "taken" });
    const host = new AskedHost(store, "h4");
    host.start(cleanup);

    await waitFor("it is done", () => host.done.length === 1);
    await waitFor("and forgotten", async () => (await findAsk(store, taken)) === undefined);
  });
});
