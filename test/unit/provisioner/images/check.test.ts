import { expect, test } from "vitest";
import { checkImage } from "../../../../provisioner/images/check.ts";
import type { Image } from "../../../../provisioner/images/image.ts";
import type { ImageFiles } from "../../../../provisioner/images/inspect.ts";
import { parsePolicy } from "../../../../provisioner/images/policy.ts";
import { makeImage, makeLayer, NO_FILES } from "../../../support/made-image.ts";

const check = (
  policy: Readonly<Record<string, unknown>>,
  image: Image = makeImage(),
  files: Partial<ImageFiles> = {},
) =>
  checkImage(parsePolicy("f", policy), image, { ...NO_FILES, ...files }).map(
    ({ rule, message }) => `${rule}: ${message}`,
  );
const installed = (name: string, version = "1") => ({ manager: "dpkg", name, version }) as const;

test("an image that nothing is said about", () => {
  expect(check({})).toEqual([]);
});

test("packages: forbidden, not allowed, unreadable", () => {
  const files = {
    packages: [installed("zlib"), installed("openssl", "3.0.9-1"), installed("curl")],
    unreadable: ["var/lib/rpm/Packages"],
  };
  expect(
    check({ packages: { allowed: ["zlib", "openssl"], forbidden: ["openssl<3.0.11"] } }, makeImage(), files),
  ).toEqual([
    "package-forbidden: openssl 3.0.9-1 (openssl<3.0.11)",
    "package-not-allowed: curl 1",
    "packages-unreadable: var/lib/rpm/Packages",
  ]);
  expect(check({}, makeImage(), files)).toEqual([]);
});

test("ports, labels, size", () => {
  const image = makeImage({ exposedPorts: ["22/tcp", "8080/tcp"], labels: { owner: "team", empty: "" } }, [
    makeLayer([{ name: "a" }]),
  ]);
  expect(check({ ports: ["8080"], labels: ["owner", "empty", "licence"], maxSize: "1K" }, image)).toEqual([
    "port-not-allowed: 22/tcp",
    "too-large: 1536 bytes, 1024 are allowed",
    "label-missing: empty",
    "label-missing: licence",
  ]);
});

test("root by any name", () => {
  for (const user of ["", "0", "root", "0:0", "root:wheel"])
    expect(check({ users: { forbidden: ["root"] } }, makeImage({ user }))).toEqual([
      "user-not-allowed: root",
    ]);
  expect(check({ users: { forbidden: ["root"] } }, makeImage({ user: "app:app" }))).toEqual([]);
  expect(check({ users: { allowed: ["app"] } }, makeImage({ user: "1000" }))).toEqual([
    "user-not-allowed: 1000",
  ]);
});

test("setuid files beyond those that are known", () => {
  const setuid = [
    { path: "bin/su", mode: 0o4755 },
    { path: "tmp/x", mode: 0o106755 },
  ];
  expect(check({ setuid: ["bin/su"] }, makeImage(), { setuid })).toEqual([
    "setuid-not-allowed: tmp/x (6755)",
  ]);
});

test("a base by its name, its digest or its lowest layer", () => {
  const base = `sha256:${"a".repeat(64)}`;
  expect(
    check(
      { bases: ["debian:*"] },
      makeImage({ labels: { "org.opencontainers.image.base.name": "debian:12" } }),
    ),
  ).toEqual([]);
  expect(check({ bases: [base] }, makeImage({ diffIds: [base] }))).toEqual([]);
  expect(check({ bases: ["debian:*"] })).toEqual(["base-not-allowed: nothing is known of it"]);
  expect(check({ bases: ["debian:*"] }, makeImage({ diffIds: [base] }))).toEqual([
    `base-not-allowed: ${base}`,
  ]);
});

test("secrets are named, never shown", () => {
  const image = makeImage({ env: ["DB_PASSWORD=hunter2"] });
  const secrets = [
    { path: "root/key", kind: "private key", layer: "L" },
    { path: "usr/share/doc/key", kind: "private key", layer: "L" },
  ];
  expect(check({ secrets: { allowed: ["usr/share/doc/**"] } }, image, { secrets })).toEqual([
    "secret: environment variable DB_PASSWORD",
    "secret: root/key: private key, in L",
  ]);
  expect(check({}, image, { secrets })).toEqual([]);
});

test("an entry that leads out of the image is refused by any policy", () => {
  expect(check({}, makeImage(), { escapes: [{ name: "../x", layer: "L" }] })).toEqual([
    'path-escape: "../x" leads out of the image, in L',
  ]);
});
