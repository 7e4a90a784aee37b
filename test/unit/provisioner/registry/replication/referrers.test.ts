import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../../../../core/runtime/clock.ts";
import { Registry } from "../../../../../provisioner/registry/client.ts";
import { SyncJournal } from "../../../../../provisioner/registry/replication/journal.ts";
import { parseRules } from "../../../../../provisioner/registry/replication/rules.ts";
import {
  type Judge,
  type SyncReport,
  synchronize,
} from "../../../../../provisioner/registry/replication/synchronize.ts";
import { openEmbeddedStore } from "../../../../../provisioner/store/embedded.ts";
import { Cleanup } from "../../../../support/cleanup.ts";
import { INDEX, MANIFEST, MemoryRegistry } from "../../../../support/memory-registry.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
let from: MemoryRegistry;
let to: MemoryRegistry;
let sync: (isDryRun?: boolean, judge?: Judge, deletes?: boolean) => Promise<SyncReport>;
let image = "";

beforeEach(async () => {
  [from, to] = [await new MemoryRegistry().start(cleanup), await new MemoryRegistry().start(cleanup)];
  from.hasReferrers = true;
  image = from.putImage("app", "v1", "layer");
  const store = openEmbeddedStore(join(cleanup.temporaryFolder(), "state.db"));
  cleanup.add("store", () => store.close());
  const registries = { a: { url: from.url }, b: { url: to.url } };
  const [rule] = parseRules("file", { registries, rules: { r: { from: "a", to: "b", tags: ["v*"] } } });
  if (rule === undefined) throw new Error("no rule");
  const [source, destination] = [new Registry(rule.from), new Registry(rule.to)];
  cleanup.add("clients", async () => void (await Promise.all([source.close(), destination.close()])));
  const journal = new SyncJournal(store, systemClock, rule);
  const signal = new AbortController().signal;
  sync = (isDryRun = false, judge, deletes = false) =>
    synchronize(
      { ...rule, deletes },
      { source, destination, journal, clock: systemClock, signal, isDryRun, judge },
    );
});

function say(what: string, subject: string): string {
  const config = { mediaType: "application/vnd.oci.empty.v1+json", ...from.putBlob("app", "{}") };
  const layers = [{ mediaType: "text/plain", ...from.putBlob("app", what) }];
  const about = { artifactType: "example/note", subject: { mediaType: MANIFEST, digest: subject, size: 1 } };
  return from.putManifest("app", undefined, {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config,
    layers,
    ...about,
  });
}

test("what a registry lists as said of an image follows it, as far as it goes, and once", async () => {
  const sbom = say("an SBOM", image);
  const signature = say("its signature", sbom);
  expect((await sync(true)).counts).toMatchObject({ behind: 3, copied: 0 });
  to.hasReferrers = true;
  expect((await sync()).counts).toMatchObject({ copied: 3, failed: 0 });
  expect([...to.repository("app").manifests.keys()].sort()).toEqual([image, sbom, signature].sort());
  expect(to.tagsOf("app")).toEqual({ v1: image });
  expect((await sync()).counts).toMatchObject({ same: 1, copied: 0 });
  // Said after the image was copied.
  const late = say("another", image);
  const { counts, outcomes } = await sync();
  expect(counts).toMatchObject({ same: 1, copied: 1 });
  expect(outcomes).toEqual([expect.objectContaining({ tag: image.replace(":", "-"), source: late })]);
});

/** An index of the image, under a tag, the image itself without one. */
function putIndex(): string {
  from.repository("app").tags.clear();
  const manifests = [{ mediaType: MANIFEST, digest: image, size: 1 }];
  return from.putManifest("app", "v1", { schemaVersion: 2, mediaType: INDEX, manifests }, INDEX);
}

test("also what is said of the single images of an index", async () => {
  const index = putIndex();
  const [signature, whole] = [say("of one", image), say("of all", index)];
  const further = say("of the signature", signature);
  to.hasReferrers = true;
  expect((await sync()).counts).toMatchObject({ copied: 4, failed: 0 });
  const all = [index, image, signature, whole, further];
  expect([...to.repository("app").manifests.keys()].sort()).toEqual(all.sort());
  expect((await sync()).counts).toMatchObject({ same: 1, copied: 0 });
});

test("and where it is kept under tags: of an index's images, and of what is said in turn", async () => {
  from.hasReferrers = false;
  putIndex();
  const signature = say("of one", image);
  const tagOf = (digest: string): string => digest.replace(":", "-");
  const listed = (digest: string): object => ({
    ...{ schemaVersion: 2, mediaType: INDEX, manifests: [{ mediaType: MANIFEST, digest, size: 1 }] },
  });
  from.putManifest("app", tagOf(image), listed(signature), INDEX);
  const further = say("of the signature", signature);
  from.putManifest("app", tagOf(signature), listed(further), INDEX);
  const stranger = from.putImage("app", "other", "not meant");
  from.putManifest("app", tagOf(stranger), listed(say("of a stranger", stranger)), INDEX);
  expect((await sync()).counts).toMatchObject({ copied: 3, failed: 0 });
  expect(Object.keys(to.tagsOf("app")).sort()).toEqual(["v1", tagOf(image), tagOf(signature)].sort());
  expect((await sync()).counts).toMatchObject({ same: 3, copied: 0 });
});

test("what is said of an image goes with it when that is deleted, listed or not, and of no other", async () => {
  const kept = from.putImage("app", "v2", "another");
  const [of, ofKept] = [say("of the first", image), say("of the second", kept)];
  await sync(); // the destination keeps them under tags
  from.repository("app").tags.delete("v1");
  expect((await sync(false, undefined, true)).counts).toMatchObject({ deleted: 1, failed: 0 });
  const { manifests } = to.repository("app");
  expect([image, of].filter((digest) => manifests.has(digest))).toEqual([]);
  expect([kept, ofKept].filter((digest) => !manifests.has(digest))).toEqual([]);
  expect(Object.keys(to.tagsOf("app")).sort()).toEqual([kept.replace(":", "-"), "v2"].sort());
});

test("where the destination lists nothing, an index under the image's tag does", async () => {
  const notes = [say("one", image), say("two", image)];
  await sync();
  const tag = image.replace(":", "-");
  const digest = to.tagsOf("app")[tag] ?? "";
  const index = JSON.parse(String(to.repository("app").manifests.get(digest)?.bytes));
  expect(index.manifests.map((each: { digest: string }) => each.digest).sort()).toEqual(notes.sort());
  expect((await sync()).counts).toMatchObject({ same: 1, copied: 0, diverged: 0 });
});

test("one that the policy refuses stays, and costs itself", async () => {
  const [bad, good] = [say("an image", image), say("a note", image)];
  const judge: Judge = async (_repository, digest) => (digest === bad ? ["it runs as root"] : []);
  for (const isDryRun of [true, false]) {
    const { counts, outcomes } = await sync(isDryRun, judge);
    expect(counts).toMatchObject({ refused: 1, failed: 0 });
    expect(outcomes.find(({ source }) => source === bad)).toMatchObject({ refused: ["it runs as root"] });
  }
  expect(to.repository("app").manifests.has(good)).toBe(true);
  expect(to.repository("app").manifests.has(bad)).toBe(false);
});

test("one that cannot be copied is told, and the image is there", async () => {
  from.repository("app").blobs.delete(from.putBlob("app", "lost").digest);
  const note = say("lost", image);
  from.repository("app").blobs.delete(from.putBlob("app", "lost").digest);
  const { counts, outcomes } = await sync();
  expect(counts).toMatchObject({ copied: 1, failed: 1 });
  expect(outcomes.find(({ failure }) => failure)).toMatchObject({
    failure: expect.stringContaining("app@sha256"),
  });
  expect(to.tagsOf("app")).toEqual({ v1: image });
  expect(to.repository("app").manifests.has(note)).toBe(false);
});
