import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { readContext } from "../../../../../provisioner/images/build/context.ts";
import { parseDeclaration } from "../../../../../provisioner/images/build/declaration.ts";
import { type WrittenEntry, writeTar } from "../../../../../provisioner/images/write-tar.ts";
import { Cleanup } from "../../../../support/cleanup.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
let folder: string;
beforeEach(() => {
  folder = cleanup.temporaryFolder();
  mkdirSync(join(folder, "site/img"), { recursive: true });
  writeFileSync(join(folder, "site/index.html"), "hello");
  writeFileSync(join(folder, "site/run"), "#!/bin/sh\n");
  chmodSync(join(folder, "site/run"), 0o777);
});

function read(values: object): readonly WrittenEntry[] {
  const image = parseDeclaration(join(folder, "web.yaml"), { base: "debian:12", ...values });
  return readContext(image, "FROM debian:12\n");
}

function copied(from: string, more: object = {}): readonly WrittenEntry[] {
  return read({ files: [{ from, to: "/srv", ...more }] });
}

function listed(entries: readonly WrittenEntry[]): readonly string[] {
  return entries.map(({ path, mode }) => `${mode.toString(8)} ${path}`);
}

test("a folder, in the order of its names, with modes that are nobody's umask", () => {
  symlinkSync("index.html", join(folder, "site/home"));

  expect(listed(copied("site"))).toEqual([
    ...["644 Dockerfile", "755 files/0", "777 files/0/home", "755 files/0/img"],
    ...["644 files/0/index.html", "755 files/0/run"],
  ]);
  expect(listed(copied("site", { mode: "0640" })).slice(1, 4)).toEqual([
    ...["750 files/0", "777 files/0/home", "750 files/0/img"],
  ]);
});

test("users with keys, our first process, and a server for keys alone", () => {
  const users = [{ name: "web", uid: 1000, sshKeys: ["ssh-ed25519 AAAA me"] }];
  const entries = read({ users, init: true, ssh: true });

  expect(listed(entries)).toEqual([
    ...["644 Dockerfile", "755 plimsoll-init", "644 sshd.conf", "755 homes/0", "750 homes/0/web"],
    ...["700 homes/0/web/.ssh", "600 homes/0/web/.ssh/authorized_keys"],
  ]);
  expect(String(entries.at(-1)?.content)).toBe("ssh-ed25519 AAAA me\n");
  expect(String(entries[2]?.content)).toContain("PasswordAuthentication no");
});

test("tar finds in it what was written", async () => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeTar(copied("site"))) chunks.push(chunk);
  const list = execFileSync("tar", ["-tf", "-"], { input: Buffer.concat(chunks), encoding: "utf8" });

  expect(list.split("\n")).toEqual([
    "Dockerfile",
    "files/0",
    "files/0/img",
    "files/0/index.html",
    "files/0/run",
    "",
  ]);
});
