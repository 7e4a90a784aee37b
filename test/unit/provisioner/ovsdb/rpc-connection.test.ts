import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { PlimsollError } from "../../../../core/runtime/errors.ts";
import { openRpcConnection, type RpcConnection } from "../../../../provisioner/ovsdb/rpc-connection.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { waitFor } from "../../../support/wait-for.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const asIs = (result: unknown): unknown => result;

/** A server that gives `onData` everything it hears. */
async function serve(onData: (text: string, socket: Socket) => void): Promise<string> {
  const path = join(cleanup.temporaryFolder(), "db.sock");
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", (data) => onData(data.toString(), socket));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  cleanup.add("server", () => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(() => resolve()));
  });
  return path;
}

async function open(path: string, notes: unknown[] = []): Promise<RpcConnection> {
  const connection = await openRpcConnection({ path }, 1000, (...note) => notes.push(note));
  cleanup.add("connection", () => connection.close(new PlimsollError("TEST", "done")));
  return connection;
}

test("an answer finds its call, whatever order they come in", async () => {
  const calls: { id: number; method: string }[] = [];
  const path = await serve((text, socket) => {
    calls.push(...text.split(/(?<=\})(?=\{)/).map((message) => JSON.parse(message)));
    if (calls.length < 2) return;
    for (const { id, method } of calls.reverse()) {
      socket.write(JSON.stringify({ id, result: method, error: null }));
    }
  });
  const connection = await open(path);

  const answers = ["first", "second"].map((method) => connection.call(method, [], 1000, asIs));

  expect(await Promise.all(answers)).toEqual(["first", "second"]);
});

test("a result is parsed before the notification behind it is told", async () => {
  const path = await serve((_, socket) =>
    socket.write('{"id":1,"result":"dump","error":null}{"id":null,"method":"update","params":["change"]}'),
  );
  const order: unknown[] = [];
  const connection = await open(path, order);

  await connection.call("monitor", [], 1000, (result) => order.push(result));

  expect(order).toEqual(["dump", ["update", ["change"]]]);
});

test("an echo of the server is answered with its own parameters", async () => {
  let heard = "";
  const path = await serve((text, socket) => {
    if (text.includes('"method"')) socket.write('{"id":"echo","method":"echo","params":["x"]}');
    else heard = text;
  });
  const connection = await open(path);

  connection.call("anything", [], 1000, asIs).catch(() => {});

  await waitFor("the answer", () => heard !== "");
  expect(JSON.parse(heard)).toEqual({ id: "echo", result: ["x"], error: null });
});

test.for([
  ["HTTP/1.1 400 Bad Request\r\n", "OVSDB_PROTOCOL", 'not a JSON object: "HTTP/1.1 400 Bad Request'],
  ['{"method":7,"params":[]}', "OVSDB_PROTOCOL", "a request without method or parameters"],
  [
    '{"id":1,"error":{"error":"unknown database","details":"none"}}',
    "OVSDB_REFUSED",
    "unknown database: none",
  ],
  ['{"id":1,"error":"canceled"}', "OVSDB_REFUSED", "ovsdb refused: canceled"],
  ["", "OVSDB_LOST", "the server closed the connection"],
] as const)("%j is the error %s", async ([answer, code, message]) => {
  const path = await serve((_, socket) => socket.end(answer));
  const connection = await open(path);

  const failure = connection.call("list_dbs", [], 1000, asIs);

  await expect(failure).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
});

test("a server that hangs costs one call its time; the late answer is dropped", async () => {
  const path = await serve((text, socket) => {
    if (text.includes("slow")) setTimeout(() => socket.write('{"id":1,"result":[],"error":null}'), 80);
    if (text.includes("quick")) setTimeout(() => socket.write('{"id":2,"result":"ok","error":null}'), 80);
  });
  const connection = await open(path);

  await expect(connection.call("slow", [], 20, asIs)).rejects.toMatchObject({
    code: "OVSDB_TIMEOUT",
    message: "ovsdb: no answer to slow within 20 ms",
  });
  expect(await connection.call("quick", [], 1000, asIs)).toBe("ok");
});

test("a parser's refusal is the call's", async () => {
  const path = await serve((_, socket) => socket.write('{"id":1,"result":[],"error":null}'));
  const connection = await open(path);

  const failure = connection.call("x", [], 1000, () => {
    throw new Error("malformed");
  });

  await expect(failure).rejects.toThrow("malformed");
});

test("calls in flight and calls after the end get the reason", async () => {
  const connection = await open(await serve(() => {}));
  const inFlight = connection.call("x", [], 1000, asIs);

  connection.close(new PlimsollError("OVSDB_CLOSED", "enough"));

  await expect(inFlight).rejects.toThrow("enough");
  await expect(connection.call("x", [], 1000, asIs)).rejects.toThrow("enough");
  expect((await connection.closed).message).toBe("enough");
});

test("calls that wait are bounded", async () => {
  const connection = await open(await serve(() => {}));
  const calls = Array.from({ length: 1001 }, () =>
    connection.call("x", [], 5000, asIs).catch(({ code }) => code),
  );

  expect(await calls[1000]).toBe("OVSDB_BUSY");
});

test("where nobody listens", async () => {
  await expect(open("/nonexistent/db.sock")).rejects.toMatchObject({
    code: "OVSDB_UNREACHABLE",
    message: "no Open vSwitch database answers at /nonexistent/db.sock",
  });
});
