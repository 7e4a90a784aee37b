import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../../../../core/runtime/clock.ts";
import { Registry } from "../../../../../provisioner/registry/client.ts";
import { RegistryError } from "../../../../../provisioner/registry/registry-error.ts";
import { SyncJournal } from "../../../../../provisioner/registry/replication/journal.ts";
import type { SyncRule } from "../../../../../provisioner/registry/replication/rules.ts";
import {
  type Judge,
  type SyncReport,
  synchronize,
} from "../../../../../provisioner/registry/replication/synchronize.ts";
import { openEmbeddedStore } from "../../../../../provisioner/store/embedded.ts";
import type { Store } from "../../../../../provisioner/store/types.ts";
import { Cleanup } from "../../../../support/cleanup.ts";
import { answering, INDEX, MANIFEST, MemoryRegistry, sha256 } from "../../../../support/memory-registry.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
let [east, west] = [new MemoryRegistry(), new MemoryRegistry()];
let store: Store;

beforeEach(async () => {
  [east, west] = [await new MemoryRegistry().start(cleanup), await new MemoryRegistry().start(cleanup)];
  store = openEmbeddedStore(join(cleanup.temporaryFolder(), "state.db"));
  cleanup.add("store", () => store.close());
});

/** From east to west, unless told. */
async function sync(
  changes: Partial<SyncRule> = {},
  {
    isDryRun = false,
    signal = new AbortController().signal,
    judge,
  }: { isDryRun?: boolean; signal?: AbortSignal; judge?: Judge } = {},
): Promise<SyncReport> {
  const [from, to] = [{ url: east.url }, { url: west.url }];
  const rule: SyncRule = {
    ...{ name: "r", journal: "r", from, to, repositories: () => true, tags: () => true, prefix: undefined },
    ...{
      deletes: false,
      overwrite: false,
      parallel: 4,
      bytesPerSecond: Number.POSITIVE_INFINITY,
      rateHours: [],
    },
    policyFile: undefined,
    ...changes,
  };
  const [source, destination] = [new Registry(rule.from), new Registry(rule.to)];
  try {
    const journal = new SyncJournal(store, systemClock, rule);
    return await synchronize(rule, {
      source,
      destination,
      journal,
      clock: systemClock,
      isDryRun,
      signal,
      judge,
    });
  } finally {
    await Promise.all([source.close(), destination.close()]);
  }
}
const status = () => new SyncJournal(store, systemClock, { name: "r", journal: "r" }).readStatus();
const back = (): Partial<SyncRule> => ({ name: "back", from: { url: west.url }, to: { url: east.url } });

test("everything once, nothing the second time, what moved the third", async () => {
  for (const name of ["a", "team/b"]) for (const tag of ["v1", "v2"]) east.putImage(name, tag, name + tag);

  expect((await sync({ prefix: "mirror" })).counts).toMatchObject({
    copied: 4,
    behind: 0,
    same: 0,
  });
  expect(west.tagsOf("mirror/team/b")).toEqual(east.tagsOf("team/b"));
  expect(await status()).toMatchObject({
    copied: 4,
    currentMs: expect.any(Number),
    endedMs: expect.any(Number),
  });

  west.requests.length = 0;
  expect((await sync({ prefix: "mirror" })).outcomes).toEqual([]);
  expect(west.requests.filter((line) => !/^(HEAD|GET)/.test(line))).toEqual([]);

  const moved = east.putImage("a", "v1", "new");
  expect((await sync({ prefix: "mirror" })).outcomes).toMatchObject([
    { repository: "a", tag: "v1", action: "copy" },
  ]);
  expect(west.tagsOf("mirror/a").v1).toBe(moved);
});

test("filters choose; the signatures of what is chosen come along", async () => {
  const image = east.putImage("a", "v1", "1");
  east.putImage("a", "dev", "2");
  east.putImage("other", "v1", "3");
  east.putImage("a", `${image.replace(":", "-")}.sig`, "signature");
  east.putImage("a", `sha256-${"0".repeat(64)}.sig`, "of another");

  await sync({ repositories: (name) => name === "a", tags: (name) => name.startsWith("v") });
  expect(Object.keys(west.tagsOf("a")).sort()).toEqual([`${image.replace(":", "-")}.sig`, "v1"]);
  expect(west.tagsOf("other")).toEqual({});
});

test("a dry run changes nothing, here nor there", async () => {
  east.putImage("a", "v1", "1");
  expect((await sync({}, { isDryRun: true })).outcomes).toMatchObject([{ action: "copy", tag: "v1" }]);
  expect([west.tagsOf("a"), (await store.list("")).entries]).toEqual([{}, []]);
});

test("what has diverged is told and left alone, and overwritten when asked to", async () => {
  const [ours, theirs] = [east.putImage("a", "v1", "ours"), west.putImage("a", "v1", "theirs")];
  const report = await sync();
  expect(report.outcomes).toMatchObject([{ action: "diverged", source: ours, destination: theirs }]);
  expect(west.tagsOf("a").v1).toBe(theirs);
  expect(await status()).toMatchObject({ diverged: 1, currentMs: 0 });

  await sync({ overwrite: true });
  expect(west.tagsOf("a").v1).toBe(ours);
});

test("both ways: what changed on one side reaches the other, and then it is quiet", async () => {
  east.putImage("a", "v1", "first");
  await sync();
  await sync(back());
  const second = west.putImage("a", "v1", "second");

  expect((await sync()).outcomes).toMatchObject([{ action: "ahead" }]);
  expect((await sync(back())).counts.copied).toBe(1);
  expect(east.tagsOf("a").v1).toBe(second);
  expect([(await sync()).outcomes, (await sync(back())).outcomes]).toEqual([[], []]);
});

test("both ways: what could not be brought is not taken back at its source", async () => {
  const first = east.putImage("a", "v1", "first");
  await sync();
  await sync(back());
  const second = east.putImage("a", "v1", "second");
  west.intercept = (request, ...rest) => request.method === "PUT" && answering(500)(request, ...rest);

  expect((await sync()).counts).toMatchObject({ failed: 1 });
  expect((await sync(back())).outcomes).toMatchObject([{ action: "ahead", source: first }]);
  expect(east.tagsOf("a").v1).toBe(second);
  west.intercept = undefined;
  expect((await sync()).counts).toMatchObject({ copied: 1 });
  expect((await sync(back())).outcomes).toEqual([]);
});

test("deletes follow when asked to, and never what somebody else put there", async () => {
  for (const tag of ["v1", "v2"]) east.putImage("a", tag, tag);
  west.putImage("a", "theirs", "theirs");
  await sync({ deletes: true });
  east.repository("a").tags.delete("v1");

  await sync();
  expect(Object.keys(west.tagsOf("a")).sort()).toEqual(["theirs", "v1", "v2"]);
  expect((await sync({ deletes: true })).counts).toMatchObject({ deleted: 1, same: 1 });
  expect(Object.keys(west.tagsOf("a")).sort()).toEqual(["theirs", "v2"]);
});

test("where a tag cannot be deleted alone, its digest is, unless something that stays needs it", async () => {
  const shared = east.putImage("a", "v1", "1");
  for (const tag of ["v2", "v3"]) east.putImage("a", tag, "2"); // one image, and both go
  await sync();
  west.repository("a").tags.set("theirs", shared);
  const part = east.putImage("a", "v4", "4");
  const manifests = [{ mediaType: MANIFEST, digest: part, size: 1 }];
  east.putManifest("a", "all", { schemaVersion: 2, mediaType: INDEX, manifests }, INDEX);
  await sync();
  for (const tag of ["v1", "v2", "v3", "v4"]) east.repository("a").tags.delete(tag);
  west.intercept = (request, ...rest) =>
    request.method === "DELETE" && !request.url?.includes("sha256") && answering(400)(request, ...rest);

  const { outcomes, counts } = await sync({ deletes: true });
  expect(counts).toMatchObject({ deleted: 2, failed: 2, behind: 0 });
  expect(outcomes.map(({ tag, failure }) => `${tag} ${failure ?? "gone"}`)).toEqual([
    "v1 its image is needed, and this registry deletes by digest alone",
    "v2 gone",
    "v3 gone",
    "v4 its image is needed, and this registry deletes by digest alone",
  ]);
  expect(Object.keys(west.tagsOf("a")).sort()).toEqual(["all", "theirs", "v1", "v4"]);
  expect(west.repository("a").manifests.has(part)).toBe(true); // the index is whole
});

test("a source that has lost all its tags takes nothing along", async () => {
  for (let at = 0; at < 20; at++) east.putImage("a", `v${at}`, `${at}`);
  await sync({ deletes: true });
  east.repository("a").tags.clear();

  const { outcomes } = await sync({ deletes: true });
  expect(outcomes).toMatchObject([
    { failure: expect.stringContaining("20 of 20 tags are gone at the source") },
  ]);
  expect(Object.keys(west.tagsOf("a"))).toHaveLength(20);
});

test("one image that fails costs itself, and is copied next time", async () => {
  const good = east.putImage("a", "good", "good");
  const bad = east.putImage("a", "bad", "bad");
  east.repository("a").blobs.set(sha256("bad"), Buffer.from("BAD"));

  const report = await sync();
  expect(report.counts).toMatchObject({ copied: 1, failed: 1, behind: 0 });
  expect(report.outcomes[0]).toMatchObject({
    tag: "bad",
    failure: expect.stringContaining("its content is"),
  });
  expect(west.tagsOf("a")).toEqual({ good });

  east.putBlob("a", "bad");
  expect((await sync()).counts).toMatchObject({ copied: 1, same: 1, failed: 0 });
  expect(west.tagsOf("a")).toEqual({ good, bad });
});

test("killed after a tag and before its note: the next run knows its own work, though the source moved on", async () => {
  east.putImage("a", "v1", "first");
  const journal = new SyncJournal(store, systemClock, { name: "r", journal: "r" });
  await sync();
  const second = east.putImage("a", "v1", "second");
  await journal.intend("a", new Map([["v1", second]]));
  west.putImage("a", "v1", "second");
  const third = east.putImage("a", "v1", "third");

  expect((await sync()).counts).toMatchObject({ copied: 1, diverged: 0 });
  expect(west.tagsOf("a").v1).toBe(third);
});

test("interrupted: what is left is behind, and the rule is not current", async () => {
  east.putImage("a", "v1", "1");
  const report = await sync({}, { signal: AbortSignal.abort() });
  expect(report.counts.copied).toBe(0);
  expect(await status()).toMatchObject({ currentMs: 0 });
});

test("a registry that does not answer is the run's failure", async () => {
  await expect(sync({ from: { url: "http://127.0.0.1:1" } })).rejects.toThrow("no answer");
});

test("an image that is named as what is said of another is judged all the same", async () => {
  const good = east.putImage("app", "good", "1");
  const hidden = east.putImage("app", `${good.replace(":", "-")}.sig`, "2");
  const judge: Judge = async (_repository, digest) => (digest === hidden ? ["it runs as root"] : []);
  expect((await sync({}, { judge })).counts).toMatchObject({ copied: 1, refused: 1, behind: 0 });
  expect(west.tagsOf("app")).toEqual({ good });
});

test("what the policy refuses gets no tag, nor do its signatures; what cannot be judged is not let through", async () => {
  const [good, bad] = [east.putImage("app", "good", "1"), east.putImage("app", "bad", "2")];
  const broken = east.putImage("app", "broken", "3");
  const old = west.putImage("app", "bad", "old");
  east.putImage("app", `${bad.replace(":", "-")}.sig`, "4");
  east.putImage("app", `${good.replace(":", "-")}.sig`, "5");
  const judge: Judge = async (_repository, digest) => {
    if (digest === broken) throw new RegistryError("a layer that cannot be read");
    return digest === bad ? ["it runs as root"] : [];
  };
  const report = await sync({ overwrite: true }, { judge });
  expect(report.counts).toMatchObject({ copied: 2, refused: 1, failed: 1, behind: 0 });
  expect(report.outcomes).toMatchObject([
    { tag: "bad", refused: ["it runs as root"], destination: old },
    { tag: "broken", failure: "a layer that cannot be read" },
    { tag: "good", action: "copy" },
    { tag: `${good.replace(":", "-")}.sig` },
  ]);
  expect(Object.keys(west.tagsOf("app")).sort()).toEqual(["bad", "good", `${good.replace(":", "-")}.sig`]);
  expect(west.tagsOf("app")).toMatchObject({ good, bad: old });
  expect(await status()).toMatchObject({ refused: 1 });
});

test("nor do signatures of a refused index's images, and of these signatures; those of what is let through do", async () => {
  const signatureOf = (digest: string): string => `${digest.replace(":", "-")}.sig`;
  const [good, bad, both] = ["good", "bad", "both"].map((name) => east.putImage("app", undefined, name));
  const index = (tag: string, ...digests: (string | undefined)[]): string => {
    const manifests = digests.map((digest) => ({ mediaType: MANIFEST, digest, size: 1 }));
    return east.putManifest("app", tag, { schemaVersion: 2, mediaType: INDEX, manifests }, INDEX);
  };
  const refused = index("v1", good, bad, both);
  index("v2", both);
  const signature = east.putImage("app", signatureOf(good ?? ""), "signature");
  east.putImage("app", signatureOf(signature), "signature of it");
  east.putImage("app", signatureOf(both ?? ""), "another");
  const judge: Judge = async (_repository, digest) => (digest === refused ? ["it runs as root"] : []);
  const { counts } = await sync({}, { judge });
  expect(Object.keys(west.tagsOf("app")).sort()).toEqual([signatureOf(both ?? ""), "v2"]);
  expect(counts).toMatchObject({ copied: 2, refused: 1, behind: 0, failed: 0 });
});
