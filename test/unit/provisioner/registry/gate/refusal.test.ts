import { expect, test } from "vitest";
import { PlimsollError } from "../../../../../core/runtime/errors.ts";
import { crowded, failureOf, refusalOf } from "../../../../../provisioner/registry/gate/refusal.ts";
import { RegistryError } from "../../../../../provisioner/registry/registry-error.ts";

test.each([
  [new PlimsollError("IMAGE", "no archive"), 403, "DENIED"],
  [new PlimsollError("BUSY", "full"), 503, "UNAVAILABLE"],
  [new PlimsollError("GATE", "not done"), 503, "UNAVAILABLE"],
  [new RegistryError("gone", { status: 404 }), 400, "MANIFEST_BLOB_UNKNOWN"],
  [new RegistryError("away", { isPassing: true }), 503, "UNAVAILABLE"],
  [new RegistryError("no JSON"), 400, "MANIFEST_INVALID"],
])("what cannot be looked into: %s is %d %s", (error, status, code) => {
  expect(refusalOf(error)).toMatchObject({ status, code });
  expect(refusalOf(error).againSeconds !== undefined).toBe(status === 503);
});

test("who is too slow, and who comes too often, hears so, and when to come again", () => {
  expect(failureOf(new PlimsollError("SLOW_CLIENT", "slow"))).toMatchObject({ status: 408, againSeconds: 1 });
  expect(failureOf(new Error("ECONNRESET"))).toMatchObject({ status: 503, againSeconds: 1 });
  expect(crowded("client")).toMatchObject({ status: 429, code: "TOOMANYREQUESTS", againSeconds: 5 });
  expect(crowded("all")).toMatchObject({ status: 503, againSeconds: 5 });
});
