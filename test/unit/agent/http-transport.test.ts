import { utimesSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { connect, createServer as createTcpServer, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { afterEach, expect, test } from "vitest";
import { openHttpPost } from "../../../agent/http-post.ts";
import { DEFAULT_SETTINGS, type PushSettings } from "../../../agent/push-settings.ts";
import type { Delivery } from "../../../core/metrics/delivery.ts";
import {
  type Authority,
  type Certificate,
  makeAuthority,
  readCertificate,
} from "../../support/certificates.ts";
import { Cleanup } from "../../support/cleanup.ts";
import { describeIf, hasCommand } from "../../support/host.ts";
import { listen } from "../../support/listen.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const never = new AbortController().signal;

function post(url: string, settings: Partial<PushSettings>): Promise<Delivery> {
  const all = { ...DEFAULT_SETTINGS, ...settings };
  return openHttpPost({ url: new URL(url), headers: {}, settings: all }).send(new Uint8Array(3), never);
}

/** A proxy for plain requests and for CONNECT, which notes what it was asked for. */
async function startProxy(connectStatus = 200): Promise<{ proxy: URL; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((incoming, response) => {
    asked.push(`${incoming.method} ${incoming.url} ${incoming.headers["proxy-authorization"] ?? ""}`);
    const { host: _, ...headers } = incoming.headers;
    const forwarded = request(incoming.url ?? "", { method: incoming.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 0);
      answer.pipe(response);
    });
    incoming.pipe(forwarded);
  });
  server.on("connect", ({ method, url = "" }, client: Socket) => {
    asked.push(`${method} ${url}`);
    if (connectStatus !== 200) {
      client.end(`HTTP/1.1 ${connectStatus} No\r\n\r\n`);
      return;
    }
    const [host, port] = url.split(":");
    const upstream = connect(Number(port), host, () => client.write("HTTP/1.1 200 OK\r\n\r\n"));
    for (const socket of [client, upstream]) socket.on("error", () => {});
    client.pipe(upstream).pipe(client);
  });
  return { proxy: new URL(`http://u:p@127.0.0.1:${await listen(cleanup, server)}`), asked };
}

test("a plain request goes to the proxy with its whole URL", async () => {
  const bodies: string[] = [];
  const port = await listen(
    cleanup,
    createServer((incoming, response) => {
      bodies.push(`${incoming.url} ${incoming.headers["content-length"]}`);
      incoming.resume().on("end", () => response.end());
    }),
  );
  const { proxy, asked } = await startProxy();

  expect(await post(`http://127.0.0.1:${port}/a?b=c`, { proxy })).toEqual({ outcome: "delivered" });
  expect(asked).toEqual([`POST http://127.0.0.1:${port}/a?b=c Basic ${btoa("u:p")}`]);
  expect(bodies).toEqual(["/a?b=c 3"]);
});

describeIf(hasCommand("openssl"))("TLS", () => {
  async function startServer(
    authority: Authority,
    certificate: Certificate,
  ): Promise<{ url: string; clients: string[] }> {
    const clients: string[] = [];
    const options = { ...readCertificate(certificate), requestCert: true, rejectUnauthorized: false };
    const server = createHttpsServer(options, (incoming, response) => {
      const { authorized, getPeerCertificate } = incoming.socket as TLSSocket;
      clients.push(`${authorized} ${getPeerCertificate.call(incoming.socket).subject?.CN ?? "nobody"}`);
      incoming.resume().on("end", () => response.end());
    });
    server.setSecureContext({ ...readCertificate(certificate), ca: readCertificate(authority).cert });
    return { url: `https://127.0.0.1:${await listen(cleanup, server)}/`, clients };
  }

  test("a receiver is believed by its authority only, and by its own name", async () => {
    const authority = await makeAuthority(cleanup.temporaryFolder());
    const { url } = await startServer(authority, await authority.issue("127.0.0.1"));
    const named = await startServer(authority, await authority.issue("receiver.test"));
    const ca = authority.cert;

    expect(await post(url, { ca })).toEqual({ outcome: "delivered" });
    expect(await post(url, {})).toMatchObject({
      outcome: "retry",
      reason: expect.stringContaining("self-signed certificate"),
    });
    expect(await post(url, { verify: false })).toEqual({ outcome: "delivered" });
    expect(await post(named.url, { ca })).toMatchObject({
      outcome: "retry",
      reason: expect.stringContaining("IP"),
    });
    expect(await post(named.url, { ca, serverName: "receiver.test" })).toEqual({ outcome: "delivered" });
  });

  test("an expired certificate is a failure that says so", async () => {
    const authority = await makeAuthority(cleanup.temporaryFolder());
    const { url } = await startServer(authority, await authority.issue("127.0.0.1", -1));

    expect(await post(url, { ca: authority.cert })).toMatchObject({
      outcome: "retry",
      reason: expect.stringContaining("certificate has expired"),
    });
  });

  test("we show our own certificate, and the new one after it was replaced; a missing one is a failure", async () => {
    const authority = await makeAuthority(cleanup.temporaryFolder());
    const { url, clients } = await startServer(authority, await authority.issue("127.0.0.1"));
    const [one, two] = [await authority.issue("one"), await authority.issue("two")];
    const settings = {
      ...DEFAULT_SETTINGS,
      ca: authority.cert,
      cert: `${one.cert}.used`,
      key: `${one.key}.used`,
    };
    const { send } = openHttpPost({ url: new URL(url), headers: {}, settings });
    const use = (certificate: Certificate, time: number): void => {
      const { cert, key } = readCertificate(certificate);
      writeFileSync(settings.cert, cert);
      writeFileSync(settings.key, key);
      utimesSync(settings.cert, time, time);
    };

    expect(await send(new Uint8Array(1), never)).toMatchObject({
      outcome: "retry",
      reason: expect.stringContaining("ENOENT"),
    });
    for (const [certificate, time] of [
      [one, 1],
      [two, 2],
    ] as const) {
      use(certificate, time);
      expect(await send(new Uint8Array(1), never)).toEqual({ outcome: "delivered" });
    }
    expect(clients).toEqual(["true one", "true two"]);
  });

  test("a proxy that does not answer is left after the timeout, each time", async () => {
    const silent = `http://127.0.0.1:${await listen(cleanup, createTcpServer())}`;
    const settings = { proxy: new URL(silent), timeoutMs: 100 };
    const all = { ...DEFAULT_SETTINGS, ...settings };
    const { send } = openHttpPost({ url: new URL("https://127.0.0.1:1/"), headers: {}, settings: all });
    for (let i = 0; i < 3; i++) {
      expect(await send(new Uint8Array(3), never)).toMatchObject({
        outcome: "retry",
        reason: expect.stringContaining("no answer within 100 ms"),
      });
    }
  });

  test("through a proxy TLS is ours to the receiver; a proxy that refuses is a failure", async () => {
    const authority = await makeAuthority(cleanup.temporaryFolder());
    const { url } = await startServer(authority, await authority.issue("127.0.0.1"));
    const { proxy, asked } = await startProxy();
    const ca = authority.cert;

    expect(await post(url, { ca, proxy })).toEqual({ outcome: "delivered" });
    expect(asked).toEqual([`CONNECT ${new URL(url).host}`]);
    const refusing = await startProxy(403);
    expect(await post(url, { ca, proxy: refusing.proxy })).toMatchObject({
      outcome: "retry",
      reason: `proxy ${refusing.proxy.host}: HTTP 403 to CONNECT`,
    });
    expect(await post(url, { ca, proxy: new URL("http://127.0.0.1:1") })).toMatchObject({
      outcome: "retry",
      reason: expect.stringContaining("ECONNREFUSED"),
    });
  });
});
