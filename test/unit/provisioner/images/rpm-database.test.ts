import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parseRpmDatabase } from "../../../../provisioner/images/rpm-database.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { hasCommand, testIf } from "../../../support/host.ts";
import { makeNdb, makeRpmHeader } from "../../../support/rpm.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
const SQLITE = "var/lib/rpm/rpmdb.sqlite";

testIf(hasCommand("rpm"), hasCommand("rpmbuild"))("the packages are those that rpm lists", () => {
  const folder = cleanup.temporaryFolder();
  const more = Array.from({ length: 60 }, (_, at) => [
    `%package part${at}\nSummary: x\n%description part${at}\n${"words ".repeat(at * 40)}\n%files part${at}`,
  ]);
  const head = "Name: hello\nVersion: 1.0\nRelease: 2\nEpoch: 3\nSummary: x\nLicense: MIT\nBuildArch: noarch";
  writeFileSync(join(folder, "x.spec"), `${head}\n%description\nx\n%files\n${more.join("\n")}\n`);
  const run = (...argv: readonly string[]): string => {
    const [command = "", ...rest] = argv;
    return execFileSync(command, rest, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      cwd: folder,
    });
  };
  run("rpmbuild", "-bb", "--quiet", "--define", `_topdir ${folder}/top`, "x.spec");
  const built = run("find", "top", "-name", "*.rpm").trim().split("\n");
  const rpm = ["rpm", "--define", "_db_backend sqlite", "--dbpath", join(folder, "db")];
  run(...rpm, "-i", "--justdb", "--nodeps", ...built);
  const format = "%{NAME} %{EPOCH}:%{VERSION}-%{RELEASE} %{ARCH} %{LICENSE}\\n";
  const listed = run(...rpm, "-qa", "--qf", format)
    .trim()
    .split("\n");

  const found = parseRpmDatabase(SQLITE, readFileSync(join(folder, "db/rpmdb.sqlite"))) ?? [];
  const lines = found.map(
    ({ name, version, architecture, license }) => `${name} ${version} ${architecture} ${license}`,
  );
  expect(lines).toHaveLength(61);
  expect(lines.sort()).toEqual(listed.sort());
});

test("ndb's by their slots; Berkeley DB's are not read", () => {
  const headers = ["a", "b"].map((name) => makeRpmHeader({ 1000: name, 1001: "1", 1002: "2" }));
  expect(parseRpmDatabase("usr/lib/sysimage/rpm/Packages.db", makeNdb(headers))).toEqual([
    { manager: "rpm", name: "a", version: "1-2" },
    { manager: "rpm", name: "b", version: "1-2" },
  ]);
  expect(parseRpmDatabase("var/lib/rpm/Packages", Buffer.alloc(100))).toBeUndefined();
  expect(() => parseRpmDatabase(SQLITE, Buffer.from("no database"))).toThrow(`${SQLITE}: not an SQLite file`);
});
