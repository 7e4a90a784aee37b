import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { CREATE_DEFAULTS } from "../../../../provisioner/ct/request.ts";
import { listEvents } from "../../../../provisioner/events/event-log.ts";
import { newAsk, putAsk } from "../../../../provisioner/fleet/asks.ts";
import { ctBatches, ctEndBatch } from "../../../../provisioner/fleet/batch-commands.ts";
import { findBatch, putBatch } from "../../../../provisioner/fleet/batches.ts";
import type { Store } from "../../../../provisioner/store/types.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { addHost, openSharedStores } from "../../../support/fleet-store.ts";
import { describeIf, hasCommand } from "../../../support/host.ts";
import { runCommand } from "../../../support/run-command.ts";

const CREATE = { ...CREATE_DEFAULTS, kind: "create", name: "web", image: "debian:12", net: "front" } as const;

describeIf(hasCommand("etcd"))("a batch that waits for a host", () => {
  const cleanup = new Cleanup();
  let fresh: () => Promise<Store>;
  let store: Store;
  let id: string;
  beforeAll(async () => {
    fresh = await openSharedStores(cleanup);
  }, 40_000);
  beforeEach(async () => {
    store = await fresh();
    for (const name of ["h1", "h2"]) await addHost(store, name);
    const asks = ["h1", "h2"].map((host) => newAsk(host, "operation", { ...CREATE, names: [`web-${host}`] }));
    await store.transact({ expect: [], put: [...asks.map(putAsk), ...putBatch(asks)] });
    id = asks[0]?.id ?? "";
  });
  afterAll(() => cleanup.run());

  const options = (): readonly string[] => {
    const config = join(cleanup.temporaryFolder(), "host.json");
    writeFileSync(config, JSON.stringify({ name: "here" }));
    return ["--store", store.name, "--config", config];
  };
  const batches = async (...args: readonly string[]): Promise<string> =>
    (await runCommand(ctBatches(), [...args, ...options()])).text;
  const end = async (...args: readonly string[]): Promise<string> =>
    (await runCommand(ctEndBatch(new AbortController().signal), [...args, ...options()])).text;
  const left = ["h1", "h2"]
    .map((host) => `web-${host} on ${host} (ready): as ${host} has it, now or when it returns\n`)
    .join("");

  test("is shown, host by host", async () => {
    expect(await batches()).toMatch(
      /^BATCH +STATE +HOST +IS +PART +MACHINES\n\S+ +making +h1 +ready +pending +web-h1\n.* web-h2\n$/,
    );
    expect(JSON.parse(await batches("--json"))).toMatchObject([{ id, state: "making" }]);
  });

  test("is ended by who says so, once, and each machine's history has it", async () => {
    expect(await end(id, "--dry-run")).toBe(left);
    await expect(end(id)).rejects.toThrow("ct end-batch: nobody can be asked");
    expect(await findBatch(store, id)).toBeDefined();
    expect(await end(id, "--yes")).toBe(left);

    expect(await findBatch(store, id)).toBeUndefined();
    expect(await batches()).toBe("BATCH  STATE  HOST  IS  PART  MACHINES\n");
    await expect(end(id, "--yes")).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await listEvents(store, ["web-h2"])).toMatchObject([
      { kind: "create", state: "left", host: "here", text: "its batch was ended, said on here" },
    ]);
  });
});
