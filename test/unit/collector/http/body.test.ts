import { once } from "node:events";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { afterAll, expect, test } from "vitest";
import { BodyBudget } from "../../../../collector/http/body.ts";
import { Refusal, textReply } from "../../../../collector/http/route.ts";
import { openHttpServer } from "../../../../collector/http/server.ts";
import { recordLog } from "../../../support/record-log.ts";
import { waitFor } from "../../../support/wait-for.ts";

const failures: unknown[] = [];
const server = await openHttpServer(
  [{ host: "127.0.0.1", port: 0 }],
  [
    {
      method: "POST",
      path: "/echo",
      summary: "",
      handle: async ({ readBody }) => {
        try {
          return textReply(200, String(await readBody(10)));
        } catch (error) {
          failures.push(error);
          throw error;
        }
      },
    },
  ],
  recordLog(),
);
const url = `http://${server.addresses[0]}/echo`;
afterAll(() => server.close(100));

const post = async (body: string | ReadableStream): Promise<string> => {
  const response = await fetch(url, { method: "POST", body, duplex: "half" } as RequestInit);
  return `${response.status} ${(await response.text()).trim()}`;
};

test("a body up to the limit is read", async () => {
  expect(await post("0123456789")).toBe("200 0123456789");
  expect(await post("")).toBe("200 ");
});

test("a larger one is refused, whether it says its size or not", async () => {
  expect(await post("0123456789a")).toBe("413 the body is larger than 10 bytes");
  const unannounced = new Blob(["0123456789a"]).stream();
  expect(await post(unannounced)).toBe("413 the body is larger than 10 bytes");
});

test("the rest of a body that is too large flows past: its connection can be used again", async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const send = async (body: string): Promise<[status: number, port: number | undefined]> => {
    const sent = request(url, { method: "POST", agent, headers: { "transfer-encoding": "chunked" } });
    sent.end(body);
    const [response] = await once(sent, "response");
    response.resume();
    await once(response, "end");
    return [response.statusCode, sent.socket?.localPort];
  };
  const [tooLarge, port] = await send("x".repeat(2_000_000));
  expect([tooLarge, ...(await send("short"))]).toEqual([413, 200, port]);
  agent.destroy();
});

test("a body that breaks off is a refusal, not a failure of ours", async () => {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.write("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n0123");
  await once(socket, "connect");
  const before = failures.length;
  setTimeout(() => socket.resetAndDestroy(), 50);
  await waitFor("the refusal", () => failures.length > before);
  expect(failures.at(-1)).toBeInstanceOf(Refusal);
});

test("the budget is for all bodies together", () => {
  const budget = new BodyBudget(10);
  budget.take(6);
  expect(() => budget.take(5)).toThrow(Refusal);
  budget.give(6);
  budget.take(10);
  expect(budget.bytes).toBe(10);
});
