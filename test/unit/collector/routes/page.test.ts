import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createRouter, indexRoute } from "../../../../collector/http/router.ts";
import { pageRoutes } from "../../../../collector/routes/page.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const folder = cleanup.temporaryFolder();
writeFileSync(join(folder, "index.html"), "<!doctype html>");
writeFileSync(join(folder, "page.js"), "export {};");
writeFileSync(join(folder, "api.ts"), "export {};");
const router = createRouter(pageRoutes(indexRoute([]), folder));

async function ask(path: string, headers: Record<string, string> = {}) {
  const { handle, params } = router("GET", path);
  const readBody = async (): Promise<Buffer> => Buffer.alloc(0);
  return handle({ headers, params, peer: "::1", query: new URLSearchParams(), readBody });
}

const BROWSER = { accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8" };

test("at / a browser gets the page, everybody else the list of routes", async () => {
  expect(await ask("/", BROWSER)).toMatchObject({
    status: 200,
    headers: { "content-type": "text/html; charset=utf-8", vary: "accept" },
    body: Buffer.from("<!doctype html>"),
  });
  for (const accept of ["*/*", "application/json", "text/plain, text/html;q=0.1"]) {
    const { body, headers } = await ask("/", { accept });
    expect(body).toMatch(/^plimsoll-collector\n/);
    expect(headers).toMatchObject({ vary: "accept" });
  }
});

test("every address of the page is the same document", async () => {
  for (const path of ["/machines/10.0.0.7", "/machines/fd00%3A%3A7", "/capacity"]) {
    expect((await ask(path)).body).toEqual(Buffer.from("<!doctype html>"));
  }
});

test("a file is sent again only when it is another one", async () => {
  const { headers = {}, body } = await ask("/page/page.js");
  expect(body).toEqual(Buffer.from("export {};"));
  expect(headers).toMatchObject({
    "content-type": "text/javascript; charset=utf-8",
    "cache-control": "no-cache",
    "x-content-type-options": "nosniff",
    etag: expect.stringMatching(/^"[\w-]{22}"$/),
  });
  expect(headers["content-security-policy"]).toContain("default-src 'self';");
  const { etag = "" } = headers;
  expect((await ask("/page/page.js", { "if-none-match": `"other", ${etag}` })).status).toBe(304);
  expect((await ask("/page/page.js", { "if-none-match": '"other"' })).status).toBe(200);
});

test("nothing else is a file of the page", async () => {
  for (const name of ["api.ts", "..%2Fmain.js", "%2Fetc%2Fpasswd"]) {
    await expect(ask(`/page/${name}`)).rejects.toMatchObject({ status: 404 });
  }
});

test("a checkout that is not built has the list of routes", async () => {
  const bare = createRouter(pageRoutes(indexRoute([]), cleanup.temporaryFolder()));
  const request = {
    ...{ params: {}, peer: "::1", query: new URLSearchParams(), readBody: async () => Buffer.alloc(0) },
  };
  expect((await bare("GET", "/").handle({ ...request, headers: BROWSER })).body).toMatch(/^plimsoll-/);
  const { handle } = bare("GET", "/capacity");
  expect(() => handle({ ...request, headers: BROWSER })).toThrow(/npm run build/);
});
