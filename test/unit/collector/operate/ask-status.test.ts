import { createServer, type ServerResponse } from "node:http";
import { afterAll, expect, test } from "vitest";
import { adminUrl, askStatus } from "../../../../collector/operate/ask-status.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { WELL } from "../../../support/collector-status.ts";
import { freePort } from "../../../support/free-port.ts";
import { listen } from "../../../support/listen.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("where the pages are is where it listens, seen from its own host", () => {
  const url = (host: string, more = {}) =>
    adminUrl({ listen: [{ host, port: 9465, ...more }], adminListen: [] }).href;
  expect([url("0.0.0.0"), url("::"), url("::1"), url("10.0.0.1", { isTls: true })]).toEqual([
    "http://127.0.0.1:9465/",
    "http://[::1]:9465/",
    "http://[::1]:9465/",
    "https://10.0.0.1:9465/",
  ]);
  const adminListen = [{ host: "127.0.0.1", port: 9000 }];
  expect(adminUrl({ listen: [{ host: "0.0.0.0", port: 9465 }], adminListen }).port).toBe("9000");
  expect(() => url("127.0.0.1", { port: 0 })).toThrow("listen: the port is any");
  expect(() => url("fe80::1%eth0")).toThrow("listen: fe80::1%eth0 cannot be in a URL");
});

test("its status; nobody, somebody else, and one that is ill", async () => {
  let answer = (response: ServerResponse): unknown => response.end(JSON.stringify(WELL));
  const port = await listen(
    cleanup,
    createServer((_, response) => void answer(response)),
  );
  const ask = () => askStatus(new URL(`http://127.0.0.1:${port}`));
  expect(await ask()).toEqual(WELL);
  for (const text of ["<html>", "null", '{"uptimeSeconds":1}']) {
    answer = (response) => response.end(text);
    await expect(ask()).rejects.toThrow("what answers there is no collector");
  }
  answer = (response) => response.writeHead(500).end();
  await expect(ask()).rejects.toThrow("answers 500");
  answer = (response) => response.destroy();
  await expect(ask()).rejects.toThrow("does not answer");
  const nobody = new URL(`http://127.0.0.1:${await freePort()}`);
  await expect(askStatus(nobody)).rejects.toMatchObject({ code: "NOT_FOUND" });
});
