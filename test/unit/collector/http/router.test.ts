import { expect, test } from "vitest";
import { Refusal, type Reply, type Route, textReply } from "../../../../collector/http/route.ts";
import { createRouter, indexRoute } from "../../../../collector/http/router.ts";

const request = {
  headers: {},
  peer: "::1",
  query: new URLSearchParams(),
  params: {},
  readBody: async () => Buffer.alloc(0),
};
const route = (method: "GET" | "POST", path: string): Route => ({
  method,
  path,
  summary: `about ${path}`,
  handle: ({ params }) => textReply(200, `${method} ${path} ${JSON.stringify(params)}`),
});
const routes = [
  route("GET", "/a"),
  route("POST", "/a"),
  route("GET", "/m/{ip}"),
  route("GET", "/a.b"),
  route("GET", "/g/{rest*}"),
];
const router = createRouter(routes);

async function answer(method: string, path: string): Promise<string> {
  try {
    const { handle, params } = router(method, path);
    return String((await handle({ ...request, params })).body).trim();
  } catch (error) {
    if (error instanceof Refusal) return `${error.status} ${error.message} ${JSON.stringify(error.headers)}`;
    throw error;
  }
}

test.for([
  ["GET", "/a", "GET /a {}"],
  ["HEAD", "/a", "GET /a {}"],
  ["POST", "/a", "POST /a {}"],
  ["GET", "/m/fd00%3A%3A1", 'GET /m/{ip} {"ip":"fd00::1"}'],
  ["GET", "/g/a/b%20c/", 'GET /g/{rest*} {"rest":"a/b c/"}'],
  ["GET", "/g/", "404 no such path /g/, see / {}"],
  ["GET", "/m/", "404 no such path /m/, see / {}"],
  ["GET", "/m/a/b", "404 no such path /m/a/b, see / {}"],
  ["GET", "/aXb", "404 no such path /aXb, see / {}"],
  ["DELETE", "/a", '405 DELETE /a: GET, POST only {"allow":"GET, POST"}'],
  ["POST", "/m/x", '405 POST /m/x: GET only {"allow":"GET"}'],
  ["GET", "/m/%zz", "400 malformed escape in the path {}"],
])("%s %s", async ([method = "", path = "", want = ""]) => {
  expect(await answer(method, path)).toBe(want);
});

test("the index has a line for each route", () => {
  const { body } = indexRoute(routes).handle(request) as Reply;
  expect(String(body).trim().split("\n").slice(2)).toEqual(
    routes.map(({ method, path }) => `${`${method} ${path}`.padEnd(32)}about ${path}`),
  );
});
