import { afterEach, expect } from "vitest";
import { type Ovsdb, openOvsdb } from "../../../../provisioner/ovsdb/client.ts";
import { COMMIT_COLUMNS, commitToSwitch } from "../../../../provisioner/ovsdb/commit.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { hasCommand, testIf } from "../../../support/host.ts";
import { startDatabase } from "../../../support/ovs-database.ts";
import { recordLog } from "../../../support/record-log.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());
const testDb = testIf(hasCommand("ovsdb-server"));

async function open(remote: string): Promise<Ovsdb> {
  const db = await openOvsdb({
    remote,
    database: "Open_vSwitch",
    monitor: { Open_vSwitch: COMMIT_COLUMNS },
    log: recordLog(),
  });
  cleanup.add("client", () => db.close());
  return db;
}

testDb("returns when vswitchd has acted, with the results of the operations", async () => {
  const { remote, vsctl } = await startDatabase(cleanup).then((server) => ({
    remote: server.remote,
    vsctl: server.vsctl.bind(server),
  }));
  const db = await open(remote);
  let isActed = false;

  const committed = commitToSwitch(db, [{ op: "comment", comment: "nothing" }]).then((results) => {
    expect(isActed).toBe(true);
    return results;
  });
  // What vswitchd would do, once it has seen next_cfg = 1.
  await new Promise((resolve) => setTimeout(resolve, 50));
  isActed = true;
  await vsctl("--no-wait", "set", "Open_vSwitch", ".", "cur_cfg=1");

  expect(await committed).toEqual([{}]);
});

testDb("without vswitchd the change is in the database, and the error says so", async () => {
  const server = await startDatabase(cleanup);
  const db = await open(server.remote);

  const committed = commitToSwitch(
    db,
    [{ op: "update", table: "Open_vSwitch", where: [], row: { ovs_version: "3.1" } }],
    { timeoutMs: 100 },
  );

  await expect(committed).rejects.toMatchObject({
    code: "OVS_NOT_APPLIED",
    message: "ovs-vswitchd did not act on the change within 100 ms",
    hint: "is ovs-vswitchd running? it makes the change as soon as it does",
  });
  expect(await server.vsctl("get", "Open_vSwitch", ".", "ovs_version")).toBe('"3.1"');
});
