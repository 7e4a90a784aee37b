import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { PlimsollError } from "../../../../../core/runtime/errors.ts";
import { readTree } from "../../../../../provisioner/images/build/tree.ts";
import { type WrittenEntry, writeTar } from "../../../../../provisioner/images/write-tar.ts";
import { Cleanup } from "../../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
let folder: string;
beforeEach(() => {
  folder = cleanup.temporaryFolder();
  mkdirSync(join(folder, "site/img"), { recursive: true });
  writeFileSync(join(folder, "site/index.html"), "hello");
  writeFileSync(join(folder, "site/run"), "#!/bin/sh\n", { mode: 0o700 });
});

function copied(from: string): readonly WrittenEntry[] {
  return [...readTree(folder, { from, mode: undefined }, "files/0")];
}

function listed(entries: readonly WrittenEntry[]): readonly string[] {
  return entries.map(({ path, mode }) => `${mode.toString(8)} ${path}`);
}

async function drain(entries: readonly WrittenEntry[]): Promise<void> {
  for await (const _ of writeTar(entries));
}

test("nothing that is outside of the file's folder", () => {
  symlinkSync("/etc", join(folder, "out"));
  symlinkSync("site", join(folder, "in"));
  symlinkSync("nowhere", join(folder, "broken"));

  expect(listed(copied("in/run")).at(-1)).toBe("755 files/0");
  for (const from of ["/etc/passwd", "../x", "site/../../x"])
    expect(() => copied(from)).toThrow(`files: "${from}" is not a path below the file's folder`);
  expect(() => copied("out/passwd")).toThrow(
    'files: "out/passwd" is a link that leads out of the file\'s folder',
  );
  expect(() => copied("none")).toThrow('files: "none" cannot be read: ENOENT');
  expect(() => copied("broken")).toThrow('files: "broken" cannot be read: ENOENT');
});

test.each(["/etc/passwd", "../web.yaml", "img/../../../x"])("a folder with a link to %s", (target) => {
  symlinkSync(target, join(folder, "site/link"));

  expect(() => copied("site")).toThrow(`is a link that leads out of it, to ${target}`);
});

test("what is neither a file nor a folder nor a link", () => {
  execFileSync("mkfifo", [join(folder, "site/pipe")]);

  expect(() => copied("site")).toThrow(/site\/pipe is neither a file nor a folder nor a link$/);
});

test.each([
  ["a folder on the way", "site/img", "out/img"],
  ["the folder that was named", "site", "out"],
])("%s that has become a link is not followed", async (_, path, target) => {
  for (const each of ["site", "out/site", "out"]) {
    mkdirSync(join(folder, each, "img"), { recursive: true });
    writeFileSync(join(folder, each, "img/logo"), each === "site" ? "logo" : "none");
  }
  const entries = copied("site");
  renameSync(join(folder, path), join(folder, "away"));
  symlinkSync(join(folder, target), join(folder, path));

  await expect(drain(entries)).rejects.toThrow(
    new PlimsollError("IMAGE", `files: ${folder}/site/img/logo changed while it was read`),
  );
});

test.each([
  ["has become a link", (path: string) => symlinkSync("run", path), "cannot be read: ELOOP"],
  ["has become a pipe", (path: string) => void execFileSync("mkfifo", [path]), "changed while it was read"],
  ["is gone", () => {}, "cannot be read: ENOENT"],
])("a file that %s is told by its name", async (_, become, message) => {
  const path = join(folder, "site/index.html");
  const entries = copied("site");
  rmSync(path);
  become(path);

  await expect(drain(entries)).rejects.toThrow(message);
  await expect(drain(entries)).rejects.toThrow("index.html");
});

test("names that an image cannot have", () => {
  writeFileSync(join(folder, "site/img/.wh.logo"), "");
  expect(() => copied("site")).toThrow(/site\/img\/\.wh\.logo: engines would take it for a file's removal$/);
  rmSync(join(folder, "site/img/.wh.logo"));

  writeFileSync(Buffer.concat([Buffer.from(join(folder, "site/img/")), Buffer.from([0xff])]), "");
  expect(() => copied("site")).toThrow(/site\/img\/\uFFFD: is not a name in UTF-8$/);
});
