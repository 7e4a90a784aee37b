import { expect, test } from "vitest";
import { UsageError } from "../../../../../core/runtime/errors.ts";
import { Mapping } from "../../../../../provisioner/host/mapping.ts";
import {
  parseStorage,
  STORAGE_KEYS,
  type Storage,
} from "../../../../../provisioner/registry/server/storage.ts";

const parse = (values: object, replicas = 1): Storage =>
  parseStorage(new Mapping("file", "storage", values, STORAGE_KEYS), replicas);

test("a folder, or a bucket", () => {
  expect(parse({ filesystem: { folder: "/srv" } })).toEqual({ kind: "filesystem", folder: "/srv" });
  expect(parse({ filesystem: { folder: "/srv", shared: true } }, 2)).toMatchObject({ folder: "/srv" });
  expect(parse({ s3: { bucket: "images" } }, 2)).toEqual({
    kind: "s3",
    bucket: "images",
    region: "us-east-1",
    endpoint: undefined,
    caFile: undefined,
    keys: undefined,
    folder: "/",
    redirect: true,
  });
});

test.for([
  [{}, "one of filesystem and s3 is needed"],
  [{ filesystem: { folder: "/srv" }, s3: { bucket: "images" } }, "one of filesystem and s3"],
  [{ filesystem: { folder: "srv", shared: true } }, "does not begin with /"],
  [{ filesystem: { folder: "/srv" } }, "they need the same folder"],
  [{ s3: { bucket: "Images!" } }, "is not the name of a bucket"],
  [{ s3: { bucket: "images", endpoint: "rgw" } }, "is not http[s]://"],
  [{ s3: { bucket: "images", accessKeyFile: "/a" } }, "go together"],
] as const)("%j is refused: %s", ([values, message]) => {
  expect(() => parse(values, 2)).toThrow(UsageError);
  expect(() => parse(values, 2)).toThrow(message);
});
