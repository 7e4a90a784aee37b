import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { type Ovsdb, openOvsdb } from "../../../../provisioner/ovsdb/client.ts";
import { type Operation, requireAbsent } from "../../../../provisioner/ovsdb/operations.ts";
import { decodeText } from "../../../../provisioner/ovsdb/values.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { hasCommand, testIf } from "../../../support/host.ts";
import { type DatabaseServer, startDatabase } from "../../../support/ovs-database.ts";
import { recordLog } from "../../../support/record-log.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());
const testDb = testIf(hasCommand("ovsdb-server"));

async function open(server: Pick<DatabaseServer, "remote">, log = recordLog()): Promise<Ovsdb> {
  const db = await openOvsdb({
    remote: server.remote,
    database: "Open_vSwitch",
    monitor: { Bridge: ["name", "ports"], Port: ["name", "tag"] },
    log,
    timeoutMs: 2000,
    probeMs: 300,
  });
  cleanup.add("client", () => db.close());
  return db;
}

const names = (db: Ovsdb, table = "Bridge"): string[] =>
  [...db.tables.rows(table).values()].map((row) => decodeText(row, "name")).sort();

/** A bridge stays in the database only while the Open_vSwitch row refers to it. */
const addBridge = (name: string): Operation[] => [
  requireAbsent("Bridge", name),
  { op: "insert", table: "Bridge", row: { name }, "uuid-name": "bridge" },
  {
    op: "mutate",
    table: "Open_vSwitch",
    where: [],
    mutations: [["bridges", "insert", ["set", [["named-uuid", "bridge"]]]]],
  },
];

testDb("a transaction is in the tables when it returns", async () => {
  const server = await startDatabase(cleanup);
  const db = await open(server);
  const other = await open(server);

  const results = await db.transact(addBridge("br0"));

  expect(results).toEqual([{}, { uuid: expect.any(String) }, { count: 1 }]);
  expect(names(db)).toEqual(["br0"]);
  await other.until("the other's bridge", () => (names(other).length === 1 ? true : undefined), 2000);
});

testDb("of two who add the same, one is refused; nothing of that transaction happens", async () => {
  const db = await open(await startDatabase(cleanup));
  await db.transact(addBridge("br0"));

  await expect(db.transact([...addBridge("br1").slice(0, 2), ...addBridge("br0")])).rejects.toMatchObject({
    code: "OVSDB_TRANSACTION",
  });
  await expect(db.transact(addBridge("br0"))).rejects.toMatchObject({ reason: "timed out", operation: 0 });
  await expect(db.transact(addBridge("br0").slice(1))).rejects.toMatchObject({
    reason: "constraint violation",
    operation: undefined,
  });
  expect(names(db)).toEqual(["br0"]);
});

testDb("every way a transaction is refused", async () => {
  const db = await open(await startDatabase(cleanup));
  const reason = (operation: Operation): Promise<unknown> =>
    db.transact([operation]).then(
      () => "done",
      (error) => [error.reason, error.operation],
    );
  const port = (row: Record<string, number>): Operation => ({ op: "insert", table: "Port", row });

  expect(await reason({ op: "select", table: "Nothing", where: [] })).toEqual(["syntax error", 0]);
  expect(await reason(port({ tag: 5000 }))).toEqual(["constraint violation", 0]);
  expect(await reason({ op: "assert", lock: "mine" })).toEqual(["not owner", 0]);
  expect(await reason({ op: "comment", comment: "fine" })).toBe("done");
});

testDb("a killed server comes back: tables are read anew, changes are told", async () => {
  const server = await startDatabase(cleanup);
  const log = recordLog();
  const db = await open(server, log);
  await db.transact(addBridge("br0"));

  await server.stop("SIGKILL");
  await db.until("the loss", () => (db.isConnected ? undefined : true), 2000);
  expect(names(db)).toEqual(["br0"]);
  await expect(db.transact([], { timeoutMs: 50 })).rejects.toMatchObject({ code: "OVSDB_TIMEOUT" });
  await server.start();
  await server.vsctl("--no-wait", "del-br", "br0", "--", "add-br", "br1");

  await db.until("the new bridge", () => (names(db).includes("br1") ? true : undefined), 5000);
  expect(names(db)).toEqual(["br1"]);
  await db.transact(addBridge("br2"));
  expect(names(db)).toEqual(["br1", "br2"]);
  expect(
    log.lines.filter(({ level }) => level !== "debug").map(({ level, message }) => `${level} ${message}`),
  ).toEqual(["warn ovsdb connection lost", "info ovsdb connected again"]);
});

testDb("a transaction waits for the connection, within its time", async () => {
  const server = await startDatabase(cleanup);
  const db = await open(server);
  await server.stop("SIGKILL");
  await db.until("the loss", () => (db.isConnected ? undefined : true), 2000);

  const added = db.transact(addBridge("br0"), { timeoutMs: 5000 });
  await server.start();

  await added;
  expect(names(db)).toEqual(["br0"]);
});

testDb("a server that hangs is found by asking", async () => {
  const server = await startDatabase(cleanup);
  const db = await open(server);
  server.signal("SIGSTOP");
  cleanup.add("continue", () => server.signal("SIGCONT"));

  const lost = db.transact(addBridge("br0"));

  await expect(lost).rejects.toMatchObject({
    code: "OVSDB_LOST",
    message: "ovsdb does not answer within 300 ms",
  });
  server.signal("SIGCONT");
  await db.until("connection", () => (db.isConnected ? true : undefined), 5000);
});

testDb("one client at a time holds a lock; the next gets it when that one goes", async () => {
  const server = await startDatabase(cleanup);
  const [first, second] = [await open(server), await open(server)];
  const held = await first.lock("plimsoll");
  const waiting = await second.lock("plimsoll");
  expect([held.isHeld, waiting.isHeld]).toEqual([true, false]);
  await first.transact(addBridge("br0"), { lock: "plimsoll" });
  await expect(second.transact(addBridge("br1"), { lock: "plimsoll" })).rejects.toMatchObject({
    reason: "not owner",
  });

  await first.close();
  await second.until("the lock", () => waiting.isHeld || undefined, 2000);

  await second.transact(addBridge("br1"), { lock: "plimsoll" });
  expect(names(second)).toEqual(["br0", "br1"]);
});

testDb("a lock is given up, asked for twice, stolen, and taken again", async () => {
  const server = await startDatabase(cleanup);
  const [first, second] = [await open(server), await open(server)];
  const mine = await first.lock("plimsoll");
  expect((await first.lock("plimsoll")).isHeld).toBe(true);

  const stolen = await second.steal("plimsoll");
  expect(stolen.isHeld).toBe(true);
  await first.until("the theft", () => (mine.isHeld ? undefined : true), 2000);

  const again = await first.lock("plimsoll");
  expect(again.isHeld).toBe(false);
  await stolen.release();
  await first.until("the lock", () => again.isHeld || undefined, 2000);
  await again.release();
  expect((await second.lock("plimsoll")).isHeld).toBe(true);
});

testDb("a lock is asked for again on a new connection", async () => {
  const server = await startDatabase(cleanup);
  const db = await open(server);
  const lock = await db.lock("plimsoll");

  await server.stop("SIGKILL");
  await db.until("the loss", () => (lock.isHeld ? undefined : true), 2000);
  await server.start();

  await db.until("the lock", () => lock.isHeld || undefined, 5000);
});

testDb("a closed client says so, to those that wait too", async () => {
  const db = await open(await startDatabase(cleanup));
  const waiting = db.until("never", () => undefined, 5000);

  const refusal = expect(waiting).rejects.toMatchObject({ code: "OVSDB_CLOSED" });
  await db.close();

  await refusal;
  await expect(db.transact([])).rejects.toMatchObject({ code: "OVSDB_CLOSED" });
});

testDb("another database than the server has is one clear error", async () => {
  const { remote } = await startDatabase(cleanup);

  const opened = openOvsdb({ remote, database: "Nothing", monitor: {}, log: recordLog() });

  await expect(opened).rejects.toMatchObject({
    code: "OVSDB_REFUSED",
    message: expect.stringContaining("unknown database"),
  });
});

test("a peer that hangs or speaks another protocol is one clear error", async () => {
  const folder = cleanup.temporaryFolder();
  const answers = async (name: string, answer: string): Promise<unknown> => {
    const path = join(folder, name);
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.write(answer);
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    cleanup.add(name, () => void server.close());
    return openOvsdb({
      remote: `unix:${path}`,
      database: "x",
      monitor: {},
      log: recordLog(),
      timeoutMs: 100,
    });
  };

  await expect(answers("silent", "")).rejects.toMatchObject({ code: "OVSDB_TIMEOUT" });
  await expect(answers("other", "220 ready\r\n")).rejects.toMatchObject({ code: "OVSDB_PROTOCOL" });
  await expect(answers("wrong", '{"id":1,"result":7,"error":null}')).rejects.toMatchObject({
    code: "OVSDB_PROTOCOL",
  });
});
