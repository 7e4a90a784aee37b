import { expect, test } from "vitest";
import { matchPath, pathParameters, type Route } from "../../../../provisioner/api/route.ts";

const route = (path: string): Route => ({
  ...{ method: "GET", path, name: path, summary: "" },
  answer: { status: 200, description: "", schema: { type: "string" } },
  handle: async () => "",
});
const ROUTES = [
  "/v1/machines",
  "/v1/machines/{name}",
  "/v1/networks/{name}/addresses/{address}/clear",
  "/v1/a.b",
].map(route);
const find = (path: string) =>
  matchPath(ROUTES, path).map(({ route, params }) => [route.path, { ...params }]);

test("a part in braces is anything up to the next slash, decoded", () => {
  expect(find("/v1/machines/a%2Fb")).toEqual([["/v1/machines/{name}", { name: "a/b" }]]);
  expect(find("/v1/networks/n/addresses/10.0.0.7/clear")).toMatchObject([
    ["/v1/networks/{name}/addresses/{address}/clear", { name: "n", address: "10.0.0.7" }],
  ]);
  expect(find("/v1/machines")).toMatchObject([["/v1/machines", {}]]);
});

test.for(["/v1/machines/", "/v1/machines/a/b", "/v1/machines/%zz", "/v1/aXb", "/"])(
  "%s is nobody's",
  (path) => {
    expect(find(path)).toEqual([]);
  },
);

test("the names in braces", () => {
  expect(pathParameters("/v1/networks/{name}/addresses/{address}/clear")).toEqual(["name", "address"]);
});
