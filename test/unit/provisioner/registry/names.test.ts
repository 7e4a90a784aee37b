import { expect, test } from "vitest";
import { UsageError } from "../../../../core/runtime/errors.ts";
import {
  isDigest,
  isRepository,
  isTag,
  parseImageReference,
  path,
} from "../../../../provisioner/registry/names.ts";

test("names are those of the specification; none leads out of its place in a path", () => {
  expect(["app", "team/app", "a.b/c_d/e__f/g--h", "0"].filter(isRepository)).toHaveLength(4);
  for (const name of [
    "",
    "/",
    "a/",
    "/a",
    "a//b",
    "../a",
    "a/../b",
    "A",
    "a b",
    "a%2fb",
    "a?b",
    "a#b",
    "a_",
    "a".repeat(256),
  ]) {
    expect(isRepository(name), name).toBe(false);
    expect(() => path(name)).toThrow("is not the name of a repository");
  }
  expect([isTag("v1.2_3-rc"), isTag(".."), isTag("a/b"), isTag("a".repeat(129))]).toEqual([
    true,
    false,
    false,
    false,
  ]);
  expect([isDigest(`sha256:${"a".repeat(64)}`), isDigest("sha256:abc"), isDigest("md5:../x")]).toEqual([
    true,
    false,
    false,
  ]);
});

test("a reference has its registry in it; loopback is spoken to without TLS", () => {
  const digest = `sha256:${"a".repeat(64)}`;

  expect(parseImageReference("registry.example:5000/team/app:v1")).toEqual({
    registry: "https://registry.example:5000",
    repository: "team/app",
    reference: "v1",
  });
  expect(parseImageReference(`http://east/app@${digest}`)).toEqual({
    registry: "http://east",
    repository: "app",
    reference: digest,
  });
  expect(parseImageReference("127.0.0.1:5000/app")).toEqual({
    registry: "http://127.0.0.1:5000",
    repository: "app",
    reference: "latest",
  });
});

test.for(["app", "host/App", "host/a@sha256:1", "ho st/a", "host/a:..", "host/../a", "ftp://host/a"])(
  "%s is refused",
  (text) => {
    expect(() => parseImageReference(text)).toThrow(UsageError);
  },
);
