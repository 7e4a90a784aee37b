import { createServer, get, type IncomingMessage } from "node:http";
import { PassThrough, Readable } from "node:stream";
import { afterAll, expect, test } from "vitest";
import { Patience, receive, send } from "../../../../../provisioner/registry/gate/patience.ts";
import { listen } from "../../../../../provisioner/registry/listen.ts";
import { Cleanup } from "../../../../support/cleanup.ts";
import { ManualClock, settle } from "../../../../support/manual-clock.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
const ALLOWANCE = { mostMs: 60_000, bytesPerSecond: 1024 };

/** What a body of `bytes` each `everyMs` comes to, and when. */
async function bring(bytes: number, everyMs: number, times: number): Promise<string> {
  const clock = new ManualClock();
  const body = new PassThrough();
  let told = "";
  const read = async (): Promise<void> => {
    let sum = 0;
    for await (const chunk of receive(body, new Patience(ALLOWANCE, clock))) sum += chunk.length;
    told = `${sum} bytes`;
  };
  const reading = read().catch((error) => {
    told = `${error.message} after ${clock.monotonicMs() / 1000} s`;
  });
  for (let sent = 0; sent < times && told === ""; sent++) {
    body.write(Buffer.alloc(bytes));
    await settle();
    await clock.advance(everyMs);
  }
  body.end();
  await reading;
  expect(body.destroyed).toBe(told.endsWith("bytes")); // by its own end alone
  return told;
}

test("a byte a second is given up after a minute, silence as well; who keeps up is waited for", async () => {
  expect(await bring(1, 1000, 1000)).toMatch(/^the client is too slow after 60\.0\d* s$/);
  expect(await bring(1024, 1000, 1000)).toBe("1024000 bytes");
  expect(await bring(1024 * 1024, 61_000, 2)).toBe("the client is too slow after 60 s");
  expect(await bring(30 * 1024, 45_000, 10)).toMatch("the client is too slow");
});

test("while we are the slow ones nothing goes by", async () => {
  const clock = new ManualClock();
  const body = new PassThrough();
  body.end("whole");
  const texts: string[] = [];
  for await (const chunk of receive(body, new Patience(ALLOWANCE, clock))) {
    await clock.advance(600_000);
    texts.push(String(chunk));
  }
  expect(texts).toEqual(["whole"]);
});

/** More than the kernel keeps for anybody. */
function much(): IncomingMessage {
  const chunk = Buffer.alloc(65_536);
  return Readable.from(Array.from({ length: 512 }, () => chunk)) as IncomingMessage;
}

test("an answer that nobody takes is given up; whoever takes it has all of it", async () => {
  const outcomes: string[] = [];
  const server = createServer(async (_request, response) => {
    const patience = new Patience({ mostMs: 2000, bytesPerSecond: 1024 });
    response.writeHead(200);
    await send(much(), response, patience).then(
      () => outcomes.push("done"),
      (error) => outcomes.push(error.message),
    );
    response.destroy();
  });
  const { port, close } = await listen("server", server, { host: "127.0.0.1", port: 0 });
  cleanup.add("server", close);
  const answer = await fetch(`http://127.0.0.1:${port}/`);
  expect((await answer.arrayBuffer()).byteLength).toBe(32 * 2 ** 20);
  const silent = await new Promise<IncomingMessage>((resolve) =>
    get({ host: "127.0.0.1", port, agent: false }, resolve),
  );
  silent.on("error", () => {});
  await expect.poll(() => outcomes, { timeout: 10_000 }).toEqual(["done", "the client is too slow"]);
});

test("who leaves in the middle of an answer ends it", async () => {
  let outcome = "";
  const server = createServer(async (_request, response) => {
    response.writeHead(200);
    await send(much(), response, new Patience(ALLOWANCE)).catch((error) => {
      outcome = error.message;
    });
  });
  const { port, close } = await listen("server", server, { host: "127.0.0.1", port: 0 });
  cleanup.add("server", close);
  const leaver = await new Promise<IncomingMessage>((resolve) => get({ host: "127.0.0.1", port }, resolve));
  leaver.on("error", () => {});
  leaver.destroy();
  await expect.poll(() => outcome, { timeout: 10_000 }).toBe("the client has left");
});
