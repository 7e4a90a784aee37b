import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../../../../core/runtime/clock.ts";
import { Registry } from "../../../../../provisioner/registry/client.ts";
import { SyncJournal } from "../../../../../provisioner/registry/replication/journal.ts";
import { openQuarantine } from "../../../../../provisioner/registry/replication/quarantine.ts";
import type { Judge } from "../../../../../provisioner/registry/replication/synchronize.ts";
import { openEmbeddedStore } from "../../../../../provisioner/store/embedded.ts";
import { Cleanup } from "../../../../support/cleanup.ts";
import { makeTar } from "../../../../support/make-tar.ts";
import { INDEX, MANIFEST, MemoryRegistry } from "../../../../support/memory-registry.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
const PLAIN = makeTar([{ name: "etc/motd", content: "hello" }]);
const SETUID = makeTar([{ name: "usr/bin/su", mode: 0o4755 }]);
const ESCAPE = makeTar([{ name: "../../etc/passwd" }]);
let memory = new MemoryRegistry();
let open: (policy: object) => Promise<Judge>;

beforeEach(async () => {
  memory = await new MemoryRegistry().start(cleanup);
  const registry = new Registry({ url: memory.url });
  cleanup.add("client", () => registry.close());
  const folder = cleanup.temporaryFolder();
  const store = openEmbeddedStore(join(folder, "state.db"));
  cleanup.add("store", () => store.close());
  const journal = new SyncJournal(store, systemClock, { name: "r", journal: "r" });
  open = (policy) => {
    writeFileSync(join(folder, "policy.yaml"), JSON.stringify(policy));
    return openQuarantine(join(folder, "policy.yaml"), registry, journal);
  };
});

const blobReads = (): number =>
  memory.requests.filter((line) => line.startsWith("GET") && line.includes("/blobs/")).length;

test("an image is as the policy wants it, or there are reasons; each layer is read once", async () => {
  const [plain, setuid] = [memory.putImage("app", "v1", PLAIN), memory.putImage("app", "v2", SETUID)];
  const judge = await open({ setuid: [] });
  expect(await judge("app", plain)).toEqual([]);
  expect(await judge("app", setuid)).toEqual([expect.stringContaining("usr/bin/su")]);
  const reads = blobReads();
  await Promise.all([judge("app", plain), judge("app", setuid)]);
  expect(blobReads()).toBe(reads);

  const again = await open({ setuid: [] });
  expect(await again("app", setuid)).toEqual([expect.stringContaining("usr/bin/su")]);
  expect(blobReads()).toBe(reads);
  const other = await open({ setuid: ["usr/bin/su"] });
  expect(await other("app", setuid)).toEqual([]);
});

test("an index is what all its images are; attestations and artifacts are none", async () => {
  const images = [PLAIN, SETUID].map((layer) => memory.putImage("app", undefined, layer));
  const attestation = memory.putImage("app", undefined, "no archive");
  const platforms = ["linux/amd64", "linux/arm64", "unknown/unknown"].map((name) => name.split("/"));
  const manifests = [...images, attestation].map((digest, at) => {
    const [os, architecture] = platforms[at] ?? [];
    return { mediaType: MANIFEST, digest, size: 1, platform: { os, architecture } };
  });
  const index = memory.putManifest("app", "all", { schemaVersion: 2, mediaType: INDEX, manifests }, INDEX);
  const config = { mediaType: "application/vnd.cncf.helm.config.v1+json", ...memory.putBlob("app", "{}") };
  const chart = memory.putManifest("app", "chart", {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config,
    layers: [],
  });

  const judge = await open({ setuid: [] });
  expect(await judge("app", index)).toEqual([expect.stringMatching(/^linux\/arm64: .*usr\/bin\/su/)]);
  expect(await judge("app", chart)).toEqual([]);
});

test("what leads out of the image is refused by any policy; what cannot be read is an error", async () => {
  const judge = await open({});
  expect(await judge("app", memory.putImage("app", "v1", ESCAPE))).toEqual([
    expect.stringContaining("leads out of the image"),
  ]);
  const broken = memory.putImage("app", "v2", Buffer.concat([SETUID.subarray(0, 512), Buffer.from("x")]));
  await expect(judge("app", broken)).rejects.toThrow();
  await expect(judge("app", `sha256:${"0".repeat(64)}`)).rejects.toThrow("is not there any more");
});

test("only some reasons are told", async () => {
  const many = makeTar(Array.from({ length: 9 }, (_, at) => ({ name: `bin/${at}`, mode: 0o4755 })));
  const reasons = await (await open({ setuid: [] }))("app", memory.putImage("app", "v1", many));
  expect(reasons).toHaveLength(6);
  expect(reasons.at(-1)).toBe("and 4 more");
});
