import { expect, test } from "vitest";
import { parseChallenge } from "../../../../provisioner/registry/challenge.ts";

test("the two schemes that registries ask for", () => {
  expect(parseChallenge('Basic realm="registry"')).toEqual({ scheme: "basic" });
  expect(parseChallenge('Bearer realm="https://a/t",service="r",scope="repository:a:pull,push"')).toEqual({
    scheme: "bearer",
    realm: "https://a/t",
    service: "r",
    scope: "repository:a:pull,push",
  });
  expect(parseChallenge("bearer realm=https://a/t")).toEqual({ scheme: "bearer", realm: "https://a/t" });
});

test.for([undefined, "", "Negotiate", "Bearer", 'Bearer service="x"', '"'])(
  "%j cannot be answered",
  (text) => {
    expect(parseChallenge(text)).toBeUndefined();
  },
);
