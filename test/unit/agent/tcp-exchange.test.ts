import type { AddressInfo } from "node:net";
import { createServer } from "node:tls";
import { afterEach, expect, test } from "vitest";
import { DEFAULT_SETTINGS } from "../../../agent/push-settings.ts";
import { exchangeTcp } from "../../../agent/tcp-exchange.ts";
import { makeAuthority, readCertificate } from "../../support/certificates.ts";
import { Cleanup } from "../../support/cleanup.ts";
import { freePort } from "../../support/free-port.ts";
import { hasCommand, testIf } from "../../support/host.ts";
import { startTcpReceiver } from "../../support/tcp-receiver.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const never = new AbortController().signal;
const BODY = Buffer.from("hello\n");

function exchange(
  port: number,
  options: { signal?: AbortSignal; isWhole?: (bytes: Buffer) => boolean } = {},
) {
  const url = new URL(`tcp://127.0.0.1:${port}`);
  return exchangeTcp(
    url,
    { ...DEFAULT_SETTINGS, timeoutMs: 300 },
    BODY,
    options.signal ?? never,
    options.isWhole,
  );
}

test("the receiver's end after ours says that it has read everything", async () => {
  const { port, received } = await startTcpReceiver(cleanup, { onEnd: (socket) => socket.end("bye") });

  expect(await exchange(port)).toEqual({ bytes: Buffer.from("bye") });
  expect(received).toEqual([BODY]);
});

test("an answer that is whole is not waited for any longer", async () => {
  const { port } = await startTcpReceiver(cleanup, {
    onData: (socket) => socket.write("ok."),
    onEnd: () => {},
  });

  expect(await exchange(port, { isWhole: (bytes) => bytes.includes(".") })).toEqual({
    bytes: Buffer.from("ok."),
  });
});

test("a receiver that hangs, resets, floods or is not there is a failure", async () => {
  const hanging = await startTcpReceiver(cleanup, { onEnd: () => {} });
  const resetting = await startTcpReceiver(cleanup, { onData: (socket) => socket.resetAndDestroy() });
  const flooding = await startTcpReceiver(cleanup, {
    onData: (socket) => socket.write(Buffer.alloc(100_000)),
  });

  expect(await exchange(hanging.port)).toEqual({ failure: "no answer within 300 ms" });
  expect(await exchange(resetting.port)).toEqual({ failure: expect.stringContaining("ECONNRESET") });
  expect(await exchange(flooding.port)).toEqual({ failure: "the answer does not end" });
  expect(await exchange(await freePort())).toEqual({ failure: expect.stringContaining("ECONNREFUSED") });
});

test("stopping does not wait", async () => {
  const { port } = await startTcpReceiver(cleanup, { onEnd: () => {} });
  const stop = new AbortController();
  const answer = exchange(port, { signal: stop.signal });
  setTimeout(() => stop.abort(), 20);

  expect(await answer).toEqual({ failure: "stopped before the answer came" });
  expect(await exchange(port, { signal: stop.signal })).toEqual({
    failure: "stopped before the answer came",
  });
});

testIf(hasCommand("openssl"))("over TLS, with a certificate that is believed", async () => {
  const authority = await makeAuthority(cleanup.temporaryFolder());
  const server = createServer(readCertificate(await authority.issue("127.0.0.1")), (socket) => {
    socket.on("error", () => {});
    socket.resume().on("end", () => socket.end("bye"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanup.add("server", () => void server.close());
  const url = new URL(`tls://127.0.0.1:${(server.address() as AddressInfo).port}`);

  expect(await exchangeTcp(url, { ...DEFAULT_SETTINGS, ca: authority.cert }, BODY, never)).toEqual({
    bytes: Buffer.from("bye"),
  });
  expect(await exchangeTcp(url, DEFAULT_SETTINGS, BODY, never)).toEqual({
    failure: expect.stringContaining("certificate"),
  });
  expect(await exchangeTcp(url, { ...DEFAULT_SETTINGS, ca: "/nowhere" }, BODY, never)).toEqual({
    failure: expect.stringContaining("ENOENT"),
  });
});
