import { afterEach, expect, test } from "vitest";
import { connectNats } from "../../../collector/nats-client.ts";
import { Cleanup } from "../../support/cleanup.ts";
import { natsMessage, startFakeNats } from "../../support/fake-nats.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());
const body = Buffer.from("hello");

test("answers find their requests, in any order and in pieces", async () => {
  let first = "";
  const { url, published } = await startFakeNats(cleanup, (_, reply) => {
    const answer = natsMessage(reply, `about ${reply.at(-1)}`);
    if (first !== "") return answer + first;
    first = answer;
    return undefined;
  });
  const client = await connectNats(url);
  expect(client.maxPayloadBytes).toBe(2000);
  const answers = await Promise.all(["a", "b"].map((id) => client.request("s.x", { Id: id }, body, 5000)));
  expect(answers).toEqual([1, 2].map((id) => ({ status: undefined, payload: `about ${id}` })));
  expect(published[1]).toEqual({ subject: "s.x", headers: "NATS/1.0\r\nId: b\r\n\r\n", body: "hello" });
  client.close();
  await expect(client.request("s", {}, body, 5000)).rejects.toThrow("closed");
});

test("who we are: a token, or a name and a password", async () => {
  const { url, connects } = await startFakeNats(cleanup, () => undefined);
  for (const [user, password] of [
    ["", ""],
    ["tok%20en", ""],
    ["me", "secret"],
  ] as const) {
    const one = new URL(url);
    one.username = user;
    one.password = password;
    (await connectNats(one)).close();
  }
  expect(connects.map((text) => JSON.parse(text))).toMatchObject([
    { headers: true, no_responders: true },
    { auth_token: "tok en" },
    { user: "me", pass: "secret" },
  ]);
});

test("nobody listens, nobody answers, the server says no", async () => {
  const head = "NATS/1.0 503\r\n\r\n";
  const { url } = await startFakeNats(cleanup, ({ subject }, reply) =>
    subject === "none" ? `HMSG ${reply} 1 ${head.length} ${head.length}\r\n${head}\r\n` : undefined,
  );
  const client = await connectNats(url);
  expect(await client.request("none", {}, body, 5000)).toEqual({ status: "503", payload: "" });
  await expect(client.request("silent", {}, body, 20)).rejects.toThrow("no answer within 20 ms");
  client.close();
  const refusing = await startFakeNats(cleanup, () => "-ERR 'Authorization Violation'\r\n");
  const refused = await connectNats(refusing.url);
  await expect(refused.request("s", {}, body, 5000)).rejects.toThrow("Authorization Violation");
  expect(refused.isClosed).toBe(true);
});

test("nothing of who we are is said before it is encrypted, and TLS is not spoken with who does not", async () => {
  const plain = await startFakeNats(cleanup, () => undefined);
  const url = new URL(`tls://me:secret@${plain.url.host}`);
  await expect(connectNats(url)).rejects.toThrow("the server does not speak TLS");
  const wanting = await startFakeNats(cleanup, () => undefined, '{"tls_required":true}');
  await expect(connectNats(wanting.url)).rejects.toThrow("the server wants TLS: nats+tls://");
  expect([plain.connects, wanting.connects]).toEqual([[], []]);
});

test("a token from a file, and a user who signs what the server has made up", async () => {
  const { url, connects } = await startFakeNats(cleanup, () => undefined, '{"nonce":"abc"}');
  const user = { identity: (nonce: string) => ({ nkey: "U", sig: `signed ${nonce}` }) };
  (await connectNats(url, { token: "t" })).close();
  (await connectNats(url, { user })).close();
  expect(connects.map((text) => JSON.parse(text))).toMatchObject([
    { auth_token: "t" },
    { nkey: "U", sig: "signed abc" },
  ]);
});

test("what is no NATS server", async () => {
  await expect(connectNats(new URL("tcp://127.0.0.1:1"))).rejects.toThrow("ECONNREFUSED");
  const { url } = await startFakeNats(cleanup, () => undefined, "hello");
  await expect(connectNats(url)).rejects.toThrow("not a NATS server");
});
