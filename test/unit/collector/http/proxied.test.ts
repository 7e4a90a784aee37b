import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, BlockList, connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterAll, expect, test } from "vitest";
import { acceptProxied } from "../../../../collector/http/proxied.ts";
import { type Route, textReply } from "../../../../collector/http/route.ts";
import { openHttpServer } from "../../../../collector/http/server.ts";
import { makeAuthority } from "../../../support/certificates.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { hasCommand, testIf } from "../../../support/host.ts";
import { recordLog } from "../../../support/record-log.ts";
import { waitFor } from "../../../support/wait-for.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const peer: Route = {
  ...{ method: "GET", path: "/peer", summary: "", handle: (request) => textReply(200, request.peer) },
};
const REQUEST = "GET /peer HTTP/1.1\r\nhost: x\r\n\r\n";
const proxies = new BlockList();
proxies.addAddress("127.0.0.1");
const LISTEN = { host: "127.0.0.1", port: 0 };
const server = await openHttpServer([LISTEN, { host: "::1", port: 0 }], [peer], recordLog(), { proxies });
cleanup.add("server", () => server.close(0));
const portOf = (address = ""): number => Number(address.split(":").at(-1));

/** What is answered to pieces sent one after the other; "" when the connection is closed. */
async function send(address: string | undefined, ...pieces: readonly string[]): Promise<string> {
  const socket = connect(portOf(address), address?.startsWith("[") ? "::1" : "127.0.0.1");
  socket.on("error", () => {});
  const answered = Promise.race([once(socket, "data"), once(socket, "close").then(() => [""])]);
  for (const piece of pieces) {
    socket.write(piece);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const [answer] = await answered;
  socket.destroy();
  return String(answer).split("\r\n\r\n")[1]?.trim() ?? "";
}

const HEADER = "PROXY TCP4 10.0.0.7 10.0.0.1 1 2\r\n";

test("behind a listed proxy the peer is who it says, however the header comes", async () => {
  const [v4, v6] = server.addresses;
  expect(await send(v4, HEADER + REQUEST)).toBe("10.0.0.7");
  expect(await send(v4, HEADER.slice(0, 9), HEADER.slice(9), REQUEST)).toBe("10.0.0.7");
  expect(await send(v4, `PROXY UNKNOWN\r\n${REQUEST}`)).toBe("127.0.0.1");
  // Who is not listed has no proxy: what it sends is no HTTP.
  expect(await send(v6, REQUEST)).toBe("::1");
  expect(await send(v6, HEADER + REQUEST)).toBe("");
});

test("a listed proxy that does not say whom it speaks for is hung up on", async () => {
  expect(await send(server.addresses[0], REQUEST)).toBe("");
});

test("one that says nothing does not hold up the end", async () => {
  const ending = await openHttpServer([LISTEN], [peer], recordLog(), { proxies });
  const socket = connect(portOf(ending.addresses[0]), "127.0.0.1");
  await once(socket, "connect");
  await new Promise((resolve) => setTimeout(resolve, 20));
  const closed = once(socket, "close");
  socket.on("error", () => {});
  await ending.close(5000);
  await closed;
});

test("who holds too many connections is refused another one; nobody else is", async () => {
  const http = createServer((_, response) => response.end("ok"));
  const peers = acceptProxied(http, new BlockList(), 2);
  await new Promise<void>((resolve) => void http.listen(0, "127.0.0.1", resolve));
  cleanup.add("small server", () => void http.close());
  const { port } = http.address() as AddressInfo;
  const held = [connect(port, "127.0.0.1"), connect(port, "127.0.0.1")];
  await Promise.all(held.map((socket) => once(socket, "connect")));
  const third = connect(port, "127.0.0.1");
  await once(third, "close");
  const other = connect({ port, host: "127.0.0.1", localAddress: "127.0.0.2" });
  other.write(REQUEST);
  expect(String((await once(other, "data"))[0])).toContain("200 OK");
  expect(peers.refused).toBe(1);
  for (const socket of [...held, other]) socket.destroy();
  await waitFor(
    "room",
    () =>
      new Promise<boolean>((resolve) => {
        const again = connect(port, "127.0.0.1", () => again.write(REQUEST));
        again.once("data", () => resolve(true));
        again.once("close", () => resolve(false));
        again.once("data", () => again.destroy());
      }),
  );
});

testIf(hasCommand("openssl"))("the header stands before TLS", async () => {
  const authority = await makeAuthority(cleanup.temporaryFolder());
  const tls = { ...(await authority.issue("127.0.0.1")), clientCa: undefined };
  const secure = await openHttpServer([{ ...LISTEN, isTls: true }], [peer], recordLog(), { proxies, tls });
  cleanup.add("secure server", () => secure.close(0));
  const raw = connect(portOf(secure.addresses[0]), "127.0.0.1");
  raw.write(HEADER);
  const socket = connectTls({ socket: raw, rejectUnauthorized: false });
  await once(socket, "secureConnect");
  socket.write(REQUEST);
  const [answer] = await once(socket, "data");
  expect(String(answer)).toContain("10.0.0.7");
  socket.destroy();
});
