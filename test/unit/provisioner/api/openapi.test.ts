import { join } from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, expect, test } from "vitest";
import { systemClock } from "../../../../core/runtime/clock.ts";
import { renderOpenApi } from "../../../../provisioner/api/openapi.ts";
import type { Route } from "../../../../provisioner/api/route.ts";
import { apiRoutes } from "../../../../provisioner/api/routes/index.ts";
import { SCHEMAS } from "../../../../provisioner/api/schemas.ts";
import { openEmbeddedStore } from "../../../../provisioner/store/embedded.ts";
import { Cleanup } from "../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

/** As the daemon has them; none of them is asked anything. */
function routes(): readonly Route[] {
  const store = openEmbeddedStore(join(cleanup.temporaryFolder(), "state.db"));
  cleanup.add("store", () => store.close());
  const host = { store, clock: systemClock, config: { name: "h1" }, docker: {} };
  return apiRoutes({ host, desk: {}, plan: async () => [], orphans: () => [] } as unknown as Parameters<
    typeof apiRoutes
  >[0]);
}

test("the document is valid OpenAPI 3.1", async () => {
  const document = JSON.parse(JSON.stringify(renderOpenApi(routes())));
  const validator = new Validator();
  const { valid, errors } = await validator.validate(document);

  expect(errors ?? []).toEqual([]);
  expect(valid).toBe(true);
  expect(validator.version).toBe("3.1");
});

test("it has every route, each under a name of its own", async () => {
  const all = routes();
  const document = all.find(({ path }) => path === "/v1/openapi.json");
  if (document === undefined) throw new Error("no document");
  const signal = new AbortController().signal;
  const request = { params: {}, query: {}, body: undefined, idempotencyKey: undefined, signal };
  const { paths } = (await document.handle(request)) as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>;
  };
  const listed = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );

  expect(listed.sort()).toEqual(all.map(({ method, path }) => `${method} ${path}`).sort());
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
});

test("every schema that is referred to is there, and every one there is referred to", () => {
  const text = JSON.stringify(renderOpenApi(routes()));
  const named = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name);

  expect([...new Set(named)].sort()).toEqual(Object.keys(SCHEMAS).sort());
});
