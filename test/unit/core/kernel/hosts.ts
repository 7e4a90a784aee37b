import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { CgroupPath } from "../../../../core/kernel/cgroup/reader.ts";
import { type HostRoot, openHostRoot } from "../../../../core/kernel/host-root.ts";

const HOSTS = fileURLToPath(new URL("../../../fixtures/hosts/", import.meta.url));

export const HOST_NAMES: readonly string[] = readdirSync(HOSTS).filter((name) => name !== "README.md");

/** A host of test/fixtures/hosts, read-only. */
export function fixtureHost(name: string): HostRoot {
  return openHostRoot(join(HOSTS, name));
}

/** Texts of the files of all fixture hosts whose path matches. */
export function fixtureTexts(name: RegExp): readonly string[] {
  return readdirSync(HOSTS, { recursive: true, encoding: "utf8" })
    .filter((path) => name.test(path) && statSync(join(HOSTS, path)).isFile())
    .map((path) => readFileSync(join(HOSTS, path), "utf8"));
}

/** A directory with these files that is gone after the test. */
export function tempTree(files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), "plimsoll-kernel-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeIn(directory, name, text);
  return directory;
}

export function tempHost(files: Readonly<Record<string, string>>): HostRoot {
  return openHostRoot(tempTree(files));
}

export function writeIn(directory: string, name: string, text: string): void {
  const path = join(directory, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

export function unified(path: string): CgroupPath {
  return { unified: path, controllers: new Map() };
}
