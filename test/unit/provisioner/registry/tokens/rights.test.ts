import { expect, test } from "vitest";
import { UsageError } from "../../../../../core/runtime/errors.ts";
import { Mapping } from "../../../../../provisioner/host/mapping.ts";
import { grant, parseRight, RIGHT_KEYS } from "../../../../../provisioner/registry/tokens/rights.ts";
import { parseScopes } from "../../../../../provisioner/registry/tokens/scope.ts";

const parse = (values: object) => parseRight(new Mapping("file", "rights[0]", values, RIGHT_KEYS));
const RIGHTS = [
  parse({ users: ["ci", "ada"], repositories: "team/**", actions: ["pull", "push"] }),
  parse({ users: "ada", actions: ["pull", "delete", "catalog"] }),
  parse({ users: "*", repositories: ["public/**", "!public/secret"], actions: "pull" }),
];

function granted(user: string | undefined, scope: string): string {
  return grant(RIGHTS, user, parseScopes([scope]))
    .map(({ name, actions }) => `${name}:${actions}`)
    .join(" ");
}

test.for([
  ["ci", "repository:team/app:pull,push,delete", "team/app:pull,push"],
  ["ada", "repository:team/app:pull,push,delete", "team/app:pull,push,delete"],
  ["ci", "repository:other:pull,push", ""],
  ["ci", "repository:public/x:pull,push", "public/x:pull"],
  [undefined, "repository:public/x:pull", "public/x:pull"],
  [undefined, "repository:public/secret:pull", ""],
  [undefined, "repository:team/app:pull", ""],
  ["*", "repository:team/app:pull", ""],
  ["ci", "repository:team/app:* repository:public/y:pull", "public/y:pull"],
  ["ada", "registry:catalog:*", "catalog:*"],
  ["ci", "registry:catalog:*", ""],
  ["ada", "repository:x:catalog", ""],
] as const)("%s asks for %s and gets %s", ([user, scope, answer]) =>
  expect(granted(user, scope)).toBe(answer),
);

test.for([
  [{ actions: "pull" }, "users: is needed"],
  [{ users: "a" }, "actions: is needed"],
  [{ users: "a", actions: "admin" }, "is none of pull, push, delete, catalog"],
  [{ users: "a", actions: "pull", repositories: "/(/" }, "is not a regular expression"],
] as const)("%j is refused: %s", ([values, message]) => {
  expect(() => parse(values)).toThrow(UsageError);
  expect(() => parse(values)).toThrow(message);
});
