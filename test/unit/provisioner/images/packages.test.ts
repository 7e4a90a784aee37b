import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { databaseOf, parsePackages } from "../../../../provisioner/images/packages.ts";
import { testIf } from "../../../support/host.ts";

test("dpkg's paragraphs; what was removed is not installed", () => {
  const text = [
    "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.36-9+deb12u14\nDescription: GNU C\n Package: no field\n",
    "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n",
    "Package: distroless\nVersion: 1:2.0\n",
  ].join("\n");
  expect(parsePackages("dpkg", text)).toEqual([
    { manager: "dpkg", name: "libc6", version: "2.36-9+deb12u14", architecture: "amd64" },
    { manager: "dpkg", name: "distroless", version: "1:2.0" },
  ]);
});

test("apk's", () => {
  expect(
    parsePackages("apk", "C:Q1x\nP:musl\nV:1.2.4-r2\nA:x86_64\nL:MIT\nF:lib\n\nP:busybox\nV:1.36.1-r5\n\n"),
  ).toEqual([
    { manager: "apk", name: "musl", version: "1.2.4-r2", architecture: "x86_64", license: "MIT" },
    { manager: "apk", name: "busybox", version: "1.36.1-r5" },
  ]);
  expect(parsePackages("apk", "")).toEqual([]);
});

testIf({ reason: "needs a Debian", met: () => databaseExists() })("this machine's own", () => {
  const found = parsePackages("dpkg", readFileSync("/var/lib/dpkg/status", "utf8"));
  expect(found.find(({ name }) => name === "dpkg")?.version).toMatch(/^1\./);
});

function databaseExists(): boolean {
  try {
    return readFileSync("/var/lib/dpkg/status").length > 0;
  } catch {
    return false;
  }
}

test("which file is whose", () => {
  expect(
    [
      "var/lib/dpkg/status",
      "var/lib/dpkg/status.d/base",
      "lib/apk/db/installed",
      "usr/lib/sysimage/rpm/rpmdb.sqlite",
    ].map(databaseOf),
  ).toEqual(["dpkg", "dpkg", "apk", "rpm"]);
  expect(
    ["var/lib/dpkg/status-old", "var/lib/dpkg/status.d/base.md5sums", "a/lib/apk/db/installed"].map(
      databaseOf,
    ),
  ).toEqual([undefined, undefined, undefined]);
});
