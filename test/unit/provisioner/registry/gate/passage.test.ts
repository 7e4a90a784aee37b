import { expect, test } from "vitest";
import { parsePassage } from "../../../../../provisioner/registry/gate/passage.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;

test("a manifest that is pushed is known by its repository, and by its tag or digest", () => {
  for (const reference of ["v1", DIGEST, "sha256-abc.sig"])
    expect(parsePassage("PUT", `/v2/team/app/manifests/${reference}`)).toEqual({
      kind: "manifest",
      repository: "team/app",
      reference,
    });
  expect(parsePassage("PUT", "/v2/manifests/manifests/manifests?x=1")).toMatchObject({
    repository: "manifests",
  });
});

test.each([
  `/v2/team/app/manifests/${DIGEST}`,
  `/v2/team/app/manifests/${DIGEST}?x=1`,
  `/v2/team%2fapp/%6danifests/${DIGEST.replace(":", "%3A")}`,
])("a manifest that is asked for by its digest is known, however that is written: %s", (url) => {
  for (const method of ["GET", "HEAD"])
    expect(parsePassage(method, url)).toEqual({ kind: "pull", repository: "team/app", reference: DIGEST });
});

test.each([
  ["GET", "/"],
  ["GET", "/v2/a/manifests/v1"],
  ["GET", "/v2/a/manifests/%zz"],
  ["GET", "/v2/a/%6danifests/x"],
  ["HEAD", `/v2/a/blobs/${DIGEST}`],
  ["POST", "/v2/a/blobs/uploads/"],
  ["POST", `/v2/a/blobs/uploads/?mount=${DIGEST}&from=b`],
  ["PATCH", "/v2/a/blobs/uploads/0b8c-1?_state=x%3D"],
  ["PUT", `/v2/a/b/blobs/uploads/0b8c?digest=${DIGEST}`],
  ["DELETE", "/v2/a/blobs/uploads/0b8c"],
  ["DELETE", "/v2/a/manifests/v1"],
  ["DELETE", `/v2/a/blobs/${DIGEST}`],
])("%s %s passes", (method, url) => {
  expect(parsePassage(method, url)).toEqual({ kind: "other" });
});

test.each([
  ["PUT", "/v2/a/%6danifests/x"],
  ["PUT", "/v2/a/manifests/x%2f"],
  ["PUT", "/v2//a/manifests/x"],
  ["PUT", "/v2/a//manifests/x"],
  ["PUT", "/v2/a/../b/manifests/x"],
  ["PUT", "/v2/./a/manifests/x"],
  ["PUT", "//v2/a/manifests/x"],
  ["PUT", "/V2/a/manifests/x"],
  ["PUT", "/v2/A/manifests/x"],
  ["PUT", "/v2/a/manifests/x/"],
  ["PUT", "/v2/a/manifests/"],
  ["PUT", "/v2/a/blobs/uploads/../../manifests/x"],
  ["PUT", "/v2/a/blobs/uploads/x/../../../manifests/x"],
  ["PUT", "http://registry/v2/a/manifests/x"],
  ["GET", "http://registry/v2/"],
  ["GET", `/v2/a/manifests/sha384:${"a".repeat(96)}`],
  ["POST", "/v2/a/manifests/x"],
  ["PATCH", "/v2/a/manifests/x"],
  ["put", "/v2/a/manifests/x"],
  ["CONNECT", "registry:443"],
  ["OPTIONS", "/v2/a/blobs/uploads/"],
])("%s %s does not", (method, url) => {
  expect(parsePassage(method, url)).toBeUndefined();
});
