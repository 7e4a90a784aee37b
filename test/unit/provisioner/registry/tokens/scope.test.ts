import { expect, test } from "vitest";
import { parseScopes } from "../../../../../provisioner/registry/tokens/scope.ts";

test("one, several, several in one", () => {
  const app = { type: "repository", name: "team/app", actions: ["pull", "push"] };
  expect(parseScopes(["repository:team/app:pull,push"])).toEqual([app]);
  expect(parseScopes(["repository(plugin):team/app:pull,push registry:catalog:*"])).toEqual([
    app,
    { type: "registry", name: "catalog", actions: ["*"] },
  ]);
});

test.for([
  "",
  "repository",
  "repository:../x:pull",
  "repository:a/../b:pull",
  "repository:x",
  "registry:other:*",
  "user:x:pull",
  "repository:X:pull",
])("%s grants nothing", (text) => expect(parseScopes([text])).toEqual([]));
