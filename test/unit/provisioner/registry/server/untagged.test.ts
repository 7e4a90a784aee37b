import { existsSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { findUntagged, removeUntagged } from "../../../../../provisioner/registry/server/untagged.ts";
import { Cleanup } from "../../../../support/cleanup.ts";
import { sha256 } from "../../../../support/memory-registry.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
const NOW = Date.UTC(2026, 0);
const DAY = 86_400_000;
let folder = "";

beforeEach(() => {
  folder = cleanup.temporaryFolder();
});

function write(path: string, text: string, ageMs = 10 * DAY): void {
  const file = join(folder, "docker/registry/v2", path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  utimesSync(file, new Date(), new Date(NOW - ageMs));
}

/** A manifest as Distribution stores it; `about` makes its digest. */
function push(repository: string, tag: string | undefined, about: object, ageMs?: number): string {
  const text = JSON.stringify(about);
  const digest = sha256(text);
  const [algorithm = "", hex = ""] = digest.split(":");
  const manifests = `repositories/${repository}/_manifests`;
  write(`blobs/${algorithm}/${hex.slice(0, 2)}/${hex}/data`, text);
  write(`${manifests}/revisions/${algorithm}/${hex}/link`, digest, ageMs);
  if (tag !== undefined) {
    write(`${manifests}/tags/${tag}/current/link`, digest);
    write(`${manifests}/tags/${tag}/index/${algorithm}/${hex}/link`, digest);
  }
  return digest;
}

function find(inUse: readonly string[] = []): readonly string[] {
  const found = findUntagged(folder, { beforeMs: NOW - DAY, inUse: new Set(inUse) });
  return found.map(({ repository, digest }) => `${repository}@${digest}`).sort();
}

test("what tags were moved away from, in each repository for itself", () => {
  const old = push("team/app", "v1", { n: 1 });
  const now = push("team/app", "v1", { n: 2 });
  push("team/app/deeper", "v1", { n: 1 });
  const other = push("other", undefined, { n: 2 });
  expect(find()).toEqual([`other@${other}`, `team/app@${old}`].sort());
  expect(find([old])).toEqual([`other@${other}`]);

  removeUntagged(folder, findUntagged(folder, { beforeMs: NOW, inUse: new Set() }));
  expect(find()).toEqual([]);
  const at = (digest: string): string =>
    join(folder, "docker/registry/v2/repositories/team/app/_manifests", digest.replace(":", "/"));
  expect(existsSync(at(`revisions/${old}`))).toBe(false);
  expect(existsSync(at(`tags/v1/index/${old}`))).toBe(false);
  expect(existsSync(at(`revisions/${now}`))).toBe(true);
});

test("the images of an index stay, and what is signed keeps its signature", () => {
  const [amd, arm] = [push("app", undefined, { n: "amd" }), push("app", undefined, { n: "arm" })];
  const index = push("app", "all", { manifests: [{ digest: amd }, { digest: arm }] });
  push("app", undefined, { n: "sbom", subject: { digest: amd } });
  push("app", undefined, { n: "signature", subject: { digest: index } });
  const lost = push("app", undefined, { n: "lost", subject: { digest: `sha256:${"0".repeat(64)}` } });
  expect(find()).toEqual([`app@${lost}`]);
});

test("what was just pushed stays, with what it needs", () => {
  const old = push("app", undefined, { n: "old" });
  expect(find()).toEqual([`app@${old}`]);
  push("app", undefined, { manifests: [{ digest: old }] }, 1000);
  expect(find()).toEqual([]);
});

test("nothing at all, and what cannot be read", () => {
  expect(find()).toEqual([]);
  const digest = push("app", "v1", { n: 1 });
  const [, hex = ""] = digest.split(":");
  write(`blobs/sha256/${hex.slice(0, 2)}/${hex}/data`, "{");
  expect(() => find()).toThrow(`manifest ${digest}: cannot be read`);
  push("app", "v1", { n: 1 });
  write("repositories/app/_manifests/tags/v2/current/link", "../../x");
  expect(() => find()).toThrow("is no digest");
});
