import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readReports, reportedState } from "../../../../provisioner/fleet/reports.ts";
import { openEmbeddedStore } from "../../../../provisioner/store/embedded.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { addHost, foundOf, openSharedStores } from "../../../support/fleet-store.ts";
import { hasCommand, testIf } from "../../../support/host.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

testIf(hasCommand("etcd"))(
  "what hosts have said of their machines, at which revision",
  async () => {
    const store = await (await openSharedStores(cleanup))();
    await addHost(store, "h1", {}, ["id-of-web"]);
    const { revision } = await store.list("hosts/");

    expect(await readReports(store)).toEqual(
      new Map([["h1", { running: new Set(["id-of-web"]), revision }]]),
    );
  },
  40_000,
);

test("in a store of one host nobody reports", async () => {
  const store = openEmbeddedStore(join(cleanup.temporaryFolder(), "state.db"));
  cleanup.add("store", () => store.close());

  expect(await readReports(store)).toEqual(new Map());
});

test("a machine is as its host said last, or as it was left by a later change", () => {
  const report = { running: new Set(["id-of-web"]), revision: 5 };
  const web = foundOf("web", "h1");
  const stopped = foundOf("web", "h1", { power: "off" });

  expect(reportedState(report, web)).toBe("running");
  expect(reportedState(report, foundOf("db", "h1"))).toBe("stopped");
  expect(reportedState(report, { ...stopped, revision: 6 })).toBe("stopped");
  expect(reportedState(report, { ...foundOf("db", "h1"), revision: 6 })).toBe("running");
  expect(reportedState(undefined, web)).toBe("unknown");
});
