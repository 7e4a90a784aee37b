import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { judgeAnswer, openHttpPost } from "../../../collector/http-post.ts";
import { Cleanup } from "../../support/cleanup.ts";
import { startHttpReceiver } from "../../support/http-receiver.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
const never = new AbortController().signal;

test("a token is read again each time, a secret in the URL is basic", async () => {
  const receiver = await startHttpReceiver(cleanup, () => ({ status: 200 }));
  const path = join(cleanup.temporaryFolder(), "token");
  const url = new URL(`http://me:p%40ss@127.0.0.1:${receiver.port}/x?y=1`);
  const headers = { "content-type": "a/b" };
  const plain = await openHttpPost({ url, headers, settings: { connections: 1 } });
  const bearing = await openHttpPost({ url, headers, settings: { connections: 1, bearerTokenFile: path } });
  expect((await bearing.send(Buffer.from("a"), never)).outcome).toBe("retry");
  for (const token of ["one", "two"]) {
    writeFileSync(path, `${token}\n`);
    await bearing.send(Buffer.from("a"), never);
  }
  await plain.send(Buffer.from("a"), never);
  expect(receiver.posts.map((post) => [post.path, post.headers.authorization])).toEqual([
    ["/x?y=1", "Bearer one"],
    ["/x?y=1", "Bearer two"],
    ["/x?y=1", `Basic ${Buffer.from("me:p@ss").toString("base64")}`],
  ]);
  await Promise.all([plain.close(), bearing.close()]);
});

test.for([
  [204, "delivered"],
  [400, "refused"],
  [413, "refused"],
  [429, "retry"],
  [500, "retry"],
  // Somebody may mend where and who we are: the samples wait.
  [401, "retry"],
  [403, "retry"],
  [404, "retry"],
] as const)("%i is %s", ([status, outcome]) => {
  expect(judgeAnswer({ status, headers: {}, body: Buffer.from("no") }).outcome).toBe(outcome);
});

test("a 500 may be about the samples, one of a gateway is not", () => {
  const blamed = [500, 501, 502, 503, 504].map((status) => {
    const delivery = judgeAnswer({ status, headers: {}, body: Buffer.of() });
    return delivery.outcome === "retry" ? delivery.blame : delivery.outcome;
  });
  expect(blamed).toEqual(["samples", "samples", undefined, undefined, undefined]);
});
