import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../../../../core/runtime/clock.ts";
import { orderKey } from "../../../../../provisioner/fleet/documents.ts";
import { register } from "../../../../../provisioner/fleet/register.ts";
import { parseHostConfig } from "../../../../../provisioner/host/config.ts";
import { listOrders, listReports } from "../../../../../provisioner/images/warm/documents.ts";
import { followOrders } from "../../../../../provisioner/images/warm/follow.ts";
import { type HostOutcome, type RoundParts, runRound } from "../../../../../provisioner/images/warm/round.ts";
import { parseWarmRules, type WarmRule } from "../../../../../provisioner/images/warm/rules.ts";
import { readWarmStatuses } from "../../../../../provisioner/images/warm/status.ts";
import type { Store } from "../../../../../provisioner/store/types.ts";
import { Cleanup } from "../../../../support/cleanup.ts";
import { addHost, factsOf, openSharedStores } from "../../../../support/fleet-store.ts";
import { describeIf, hasCommand } from "../../../../support/host.ts";
import { MemoryEngine } from "../../../../support/memory-engine.ts";
import { sha256 } from "../../../../support/memory-registry.ts";
import { recordLog } from "../../../../support/record-log.ts";

const IMAGES = ["v1", "v2"].map((tag) => ({
  image: `r:5000/app:${tag}`,
  from: "r:5000/app",
  digest: sha256(tag),
}));

function ruleOf(more: object): WarmRule {
  const values = {
    registries: { one: { url: "http://r:5000" } },
    warm: { base: { registry: "one", ...more } },
  };
  const [rule] = parseWarmRules("registry.yaml", values);
  if (rule === undefined) throw new Error("no rule");
  return rule;
}

/** Hosts of one store, with an engine each that knows only of names. */
describeIf(hasCommand("etcd"))("daemons that follow orders", () => {
  const cleanup = new Cleanup();
  let open: () => Promise<Store>;
  beforeAll(async () => {
    open = await openSharedStores(cleanup);
  }, 40_000);
  afterAll(() => cleanup.run());

  async function startHost(
    store: Store,
    name: string,
    engine: MemoryEngine,
    labels: Readonly<Record<string, string>> = {},
  ): Promise<() => Promise<void>> {
    await addHost(store, name, { labels });
    const stopping = new AbortController();
    const config = parseHostConfig("host.yaml", { name, docker: engine.socket });
    const over = followOrders({ store, clock: systemClock, config }, recordLog(), stopping.signal);
    const stop = (): Promise<void> => {
      stopping.abort();
      return over;
    };
    cleanup.add(name, stop);
    return stop;
  }

  function partsOf(store: Store, signal: AbortSignal = new AbortController().signal): RoundParts {
    const carryOutHere = async (): Promise<never> => {
      throw new Error("nothing is done here");
    };
    return { store, clock: systemClock, here: "h1", signal, carryOutHere, onReport: () => {} };
  }

  function run(store: Store, rule: WarmRule, signal?: AbortSignal): Promise<readonly HostOutcome[]> {
    return runRound(rule, { images: IMAGES, refused: [] }, partsOf(store, signal));
  }

  test("each host that is meant gets the same, not more of them at once than the rule says", async () => {
    const store = await open();
    const engine = await new MemoryEngine().start(cleanup, 50);
    for (const name of ["h1", "h2", "h3"]) await startHost(store, name, engine, { rack: "a" });
    const other = await new MemoryEngine().start(cleanup);
    await startHost(store, "h4", other, { rack: "b" });

    const outcomes = await run(store, ruleOf({ hosts: "rack=a", parallel: 1 }));
    expect(outcomes.map(({ host, state }) => [host, state])).toEqual(
      ["h1", "h2", "h3"].map((host) => [host, "ended"]),
    );
    expect([engine.most, engine.images.size, other.pulls]).toEqual([1, 2, []]);
    expect(outcomes.map(({ report }) => report?.missing)).toEqual([[], [], []]);
    const missing = async (): Promise<readonly (readonly [string, number])[]> =>
      (await readWarmStatuses([ruleOf({ hosts: "rack=a" })], store)).map((each) => [
        each.host,
        each.missing.length,
      ]);
    expect(await missing()).toEqual(["h1", "h2", "h3"].map((host) => [host, 0]));
    // What it reports after that counts: somebody has removed them.
    const beat = { atMs: systemClock.nowMs() + 60_000, machine: "m", running: [], images: ["debian:12"] };
    await register(store, factsOf("h2", { labels: { rack: "a" } }), beat);
    expect(await missing()).toEqual([
      ["h1", 0],
      ["h2", 2],
      ["h3", 0],
    ]);
  }, 60_000);

  test("who asks may go: the daemon goes on, and one that was stopped goes on when it is there again", async () => {
    const store = await open();
    const engine = await new MemoryEngine().start(cleanup, 300);
    const stop = await startHost(store, "h1", engine);
    const asking = new AbortController();
    const asked = run(store, ruleOf({}), asking.signal);
    const until = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
      while (!(await isSo())) await systemClock.sleep(20);
    };
    await until(() => engine.pulls.length > 0);
    asking.abort();
    expect(await asked).toMatchObject([{ host: "h1", state: "unfinished" }]);
    await stop();
    expect((await listReports(store))[0]?.endedMs).toBeUndefined();

    await startHost(store, "h1", engine);
    await until(async () => (await listReports(store))[0]?.endedMs !== undefined);
    expect([...engine.images.values()].map(([...names]) => names)).toEqual([
      ["r:5000/app:v1"],
      ["r:5000/app:v2"],
    ]);
  }, 60_000);

  test("a host that is fenced meanwhile is not waited for", async () => {
    const store = await open();
    await addHost(store, "h1"); // and no daemon of it goes on
    const asked = run(store, ruleOf({}));
    while ((await listOrders(store, "h1")).orders.length === 0) await systemClock.sleep(20);
    const order = { state: "fenced", sinceMs: 1, by: "h2" };
    await store.transact({ expect: [], put: [{ key: orderKey("h1"), value: order }] });
    expect(await asked).toMatchObject([{ host: "h1", state: "lost" }]);
  });

  test("a fleet without a host that is meant", async () => {
    const store = await open();
    await addHost(store, "h1");

    await expect(run(store, ruleOf({ hosts: "rack=a" }))).rejects.toThrow(
      "rule base: no host of the fleet that is ready is meant",
    );
  });
});
