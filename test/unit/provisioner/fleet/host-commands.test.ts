import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { beatKey } from "../../../../provisioner/fleet/documents.ts";
import { fleetCommands } from "../../../../provisioner/fleet/host-commands.ts";
import type { Store } from "../../../../provisioner/store/types.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { addHost, openSharedStores } from "../../../support/fleet-store.ts";
import { describeIf, hasCommand } from "../../../support/host.ts";
import { runCommand } from "../../../support/run-command.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

/** What `plimsoll host …` prints, and how it fails. */
async function run(store: string, name: string, ...args: readonly string[]): Promise<string> {
  const config = join(cleanup.temporaryFolder(), "host.json");
  writeFileSync(config, JSON.stringify({ name: "here" }));
  const command = fleetCommands(new AbortController().signal).find((each) => each.name() === name);
  try {
    return (await runCommand(command, [...args, "--store", store, "--config", config])).text;
  } catch (error) {
    return `${error}`;
  }
}

test("a store of one host has no fleet", async () => {
  const path = join(cleanup.temporaryFolder(), "state.db");

  expect(await run(path, "list")).toContain("is of one host");
});

describeIf(hasCommand("etcd"))("with a shared store", () => {
  let fresh: () => Promise<Store>;
  beforeAll(async () => {
    fresh = await openSharedStores(cleanup);
  }, 40_000);

  async function fleetOfTwo(): Promise<Store> {
    const store = await fresh();
    await addHost(store, "h1", { labels: { rack: "a" } });
    await addHost(store, "h2");
    return store;
  }

  test("who is there, for a reader and for a script", async () => {
    const { name } = await fleetOfTwo();

    expect(await run(name, "list")).toBe(
      [
        "NAME  STATE  ADDRESS   MACHINES  CPUS  MEMORY     DISK        LABELS",
        "h1    ready  10.0.0.1  0         0/4   0 B/8 GiB  0 B/40 GiB  rack=a",
        "h2    ready  10.0.0.1  0         0/4   0 B/8 GiB  0 B/40 GiB  -",
        "",
      ].join("\n"),
    );
    expect(JSON.parse(await run(name, "list", "--json"))).toHaveLength(2);
  });

  test("what is ordered is said back, and ended once", async () => {
    const { name } = await fleetOfTwo();

    expect(await run(name, "drain", "h2")).toMatch(/^h2 is draining since \S+Z, said on here\n$/);
    expect(await run(name, "list")).toMatch(/^h2 +draining/m);
    expect(await run(name, "readmit", "h2")).toBe("h2 is as any other\n");
    expect(await run(name, "readmit", "h2")).toContain("neither draining nor fenced");
  });

  test("a fence is for who has said that the host is off", async () => {
    const store = await fleetOfTwo();

    expect(await run(store.name, "fence", "h2")).toContain("host fence: nobody can be asked");
    expect(await run(store.name, "fence", "h2", "--yes")).toContain("its daemon reports");
    expect(await run(store.name, "evacuate", "h2", "--yes")).toContain("host h2: is ready, not fenced");
    await store.transact({ expect: [], remove: [beatKey("h2")] });
    expect(await run(store.name, "fence", "h2", "--yes")).toMatch(/^h2 is fenced since/);
    expect(await run(store.name, "evacuate", "h2", "--without-data", "--yes")).toBe("nothing to do\n");
  });
});
