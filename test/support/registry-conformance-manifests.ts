/* The conformance suite's kinds of manifests; see registry-conformance.ts. */
import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { digestOf } from "../../provisioner/registry/digest-check.ts";
import { makeTar } from "./make-tar.ts";
import {
  blobPath,
  type Case,
  location,
  push,
  REPOSITORY,
  type Reply,
  same,
  type Wire,
} from "./registry-conformance.ts";

const IMAGE = "application/vnd.oci.image.manifest.v1+json";
const INDEX = "application/vnd.oci.image.index.v1+json";
const CONFIG = "application/vnd.oci.image.config.v1+json";
const LAYER = "application/vnd.oci.image.layer.v1.tar";
const NOWHERE = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
const EMPTY = "application/vnd.oci.empty.v1+json";
const EXAMPLE = "application/vnd.example.oci.conformance";

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly [more: string]: unknown;
}

/** Something to be pushed as a manifest. */
interface Made {
  readonly mediaType: string;
  readonly bytes: Buffer;
}

function describe(mediaType: string, bytes: Buffer, more: object = {}): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length, ...more };
}

function manifest(mediaType: string, fields: object): Made {
  return { mediaType, bytes: Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...fields })) };
}

const describeMade = ({ mediaType, bytes }: Made, more: object = {}): Descriptor =>
  describe(mediaType, bytes, more);

/** A layer is a real one: who stands before the registry looks into it. */
async function putImage(
  wire: Wire,
  {
    layers = 2,
    isPacked = true,
    fields = {},
    ofDescriptor = () => ({}),
    platform = "amd64",
  }: ImageOptions = {},
): Promise<Made> {
  const described: Descriptor[] = [];
  for (let n = 0; n < layers; n++) {
    const tar = makeTar([{ name: `file-${n}`, content: randomBytes(64).toString("hex") }]);
    const bytes = isPacked ? gzipSync(tar) : tar;
    await push(wire, bytes);
    described.push(describe(isPacked ? `${LAYER}+gzip` : LAYER, bytes, ofDescriptor(bytes)));
  }
  const about = {
    architecture: platform,
    os: "linux",
    rootfs: { type: "layers", diff_ids: [] },
    at: randomBytes(8).toString("hex"),
  };
  const config = Buffer.from(JSON.stringify(about));
  await push(wire, config);
  return manifest(IMAGE, {
    config: describe(CONFIG, config, ofDescriptor(config)),
    layers: described,
    ...fields,
  });
}

interface ImageOptions {
  readonly layers?: number;
  readonly isPacked?: boolean;
  readonly fields?: object;
  readonly ofDescriptor?: (bytes: Buffer) => object;
  readonly platform?: string;
}

async function putArtifact(wire: Wire, fields: object = {}, content = randomBytes(64)): Promise<Made> {
  const empty = Buffer.from("{}");
  for (const bytes of [empty, content]) await push(wire, bytes);
  const layers = [describe(content.equals(empty) ? EMPTY : EXAMPLE, content)];
  return manifest(IMAGE, { artifactType: EXAMPLE, config: describe(EMPTY, empty), layers, ...fields });
}

/** Its images are there by their digests when it is pushed. */
async function putIndex(wire: Wire, images: readonly Made[], fields: object = {}): Promise<Made> {
  for (const image of images) await put(wire, digestOf(image.bytes), image);
  const manifests = images.map((image, n) =>
    describeMade(image, { platform: { os: "linux", architecture: ["amd64", "arm64"][n] ?? "riscv64" } }),
  );
  return manifest(INDEX, { manifests, ...fields });
}

const path = (reference: string): string => `${REPOSITORY}/manifests/${reference}`;
const accept = { accept: `${INDEX}, ${IMAGE}` };

async function put(wire: Wire, reference: string, { mediaType, bytes }: Made, wanted = 201): Promise<Reply> {
  const question = { body: bytes, headers: { "content-type": mediaType } };
  const reply = await wire.want("put manifest", [wanted], "PUT", path(reference), question);
  if (wanted !== 201) return reply;
  same("digest of the answer", reply.headers.get("docker-content-digest"), digestOf(bytes));
  const at = await wire.want("location", [200], "GET", location("put manifest", reply), { headers: accept });
  same("manifest at its location", at.bytes.equals(bytes), true);
  return reply;
}

/** By its digest and a tag: pushed, listed, asked for, removed; then it is not there. */
async function goThrough(wire: Wire, made: Made): Promise<void> {
  const { mediaType, bytes } = made;
  const [tag, digest] = [`tag-${randomBytes(4).toString("hex")}`, digestOf(bytes)];
  for (const reference of [digest, tag]) await put(wire, reference, made);
  const listed = await wire.want("tag list", [200], "GET", `${REPOSITORY}/tags/list`);
  same(
    "tag in the list",
    (JSON.parse(listed.bytes.toString()) as { tags: string[] }).tags.includes(tag),
    true,
  );
  for (const reference of [digest, tag])
    for (const method of ["GET", "HEAD"]) {
      const reply = await wire.want(method, [200], method, path(reference), { headers: accept });
      same("content-type", reply.headers.get("content-type"), mediaType);
      same("content-length", reply.headers.get("content-length"), `${bytes.length}`);
      if (method === "GET") same("bytes", reply.bytes.equals(bytes), true);
    }
  // A registry may know no removal of tags.
  await wire.want("delete tag", [202, 400, 405], "DELETE", path(tag));
  await wire.want("delete manifest", [202], "DELETE", path(digest));
  for (const reference of [digest, tag])
    await wire.want("head after delete", [404], "HEAD", path(reference), { headers: accept });
}

async function listReferrers(
  wire: Wire,
  digest: string,
  query?: Record<string, string>,
): Promise<readonly string[]> {
  const path = `${REPOSITORY}/referrers/${digest}`;
  const reply = await wire.want("referrers", [200], "GET", path, query === undefined ? {} : { query });
  same("content-type of referrers", reply.headers.get("content-type"), INDEX);
  const { manifests } = JSON.parse(reply.bytes.toString()) as { manifests: readonly { digest: string }[] };
  return manifests.map((each) => each.digest);
}

/** What is said of another manifest, which is there or not. */
async function withSubject(wire: Wire, isThere: boolean, asIndex = false): Promise<void> {
  const image = await putImage(wire);
  if (isThere) await put(wire, digestOf(image.bytes), image);
  const fields = { subject: describeMade(image), annotations: { said: randomBytes(4).toString("hex") } };
  const said = asIndex
    ? await putIndex(wire, [await putArtifact(wire)], { artifactType: EXAMPLE, ...fields })
    : await putArtifact(wire, fields);
  const reply = await put(wire, digestOf(said.bytes), said);
  const [subject, own] = [digestOf(image.bytes), digestOf(said.bytes)];
  await goThrough(wire, said);
  await put(wire, own, said);
  same("oci-subject", reply.headers.get("oci-subject") === subject, true);
  same("referrer", (await listReferrers(wire, subject)).includes(own), true);
  same(
    "referrer by type",
    (await listReferrers(wire, subject, { artifactType: EXAMPLE })).includes(own),
    true,
  );
}

const images = async (wire: Wire): Promise<readonly Made[]> => [
  await putImage(wire),
  await putImage(wire, { platform: "arm64" }),
];
const custom = { "org.example.field": randomBytes(8).toString("hex") };
const absent = (): string => digestOf(randomBytes(8));

export const MANIFEST_CASES: Readonly<Record<string, Case>> = {
  ping: async (wire) => void (await wire.want("ping", [200], "GET", "")),
  "empty tag list": async (wire) =>
    void (await wire.want("tags", [200, 404], "GET", "conformance/none/tags/list")),
  "empty referrers": async (wire) => same("referrers", (await listReferrers(wire, absent())).length, 0),
  image: async (wire) => goThrough(wire, await putImage(wire)),
  "image-uncompressed": async (wire) => goThrough(wire, await putImage(wire, { isPacked: false })),
  "large-manifest": async (wire) => {
    const annotations = Object.fromEntries(
      Array.from({ length: 390 }, (_, n) => [`large-${n}`, "A".repeat(10_000)]),
    );
    await goThrough(wire, await putImage(wire, { fields: { annotations } }));
  },
  index: async (wire) => goThrough(wire, await putIndex(wire, await images(wire))),
  "nested-index": async (wire) => {
    const inner = [await putIndex(wire, await images(wire)), await putIndex(wire, await images(wire))];
    await goThrough(wire, await putIndex(wire, inner));
  },
  "empty-index": async (wire) => goThrough(wire, await putIndex(wire, [])),
  artifact: async (wire) => goThrough(wire, await putArtifact(wire)),
  "artifact-index": async (wire) =>
    goThrough(
      wire,
      await putIndex(wire, [await putArtifact(wire), await putArtifact(wire)], { artifactType: EXAMPLE }),
    ),
  "artifact-without-layers": async (wire) => goThrough(wire, await putArtifact(wire, {}, Buffer.from("{}"))),
  "artifacts-with-subject": async (wire) => withSubject(wire, true),
  "index-with-subject": async (wire) => withSubject(wire, true, true),
  "missing-subject": async (wire) => withSubject(wire, false),
  "data-field": async (wire) =>
    goThrough(wire, await putImage(wire, { ofDescriptor: (bytes) => ({ data: bytes.toString("base64") }) })),
  "non-distributable-layers": async (wire) => {
    const bytes = randomBytes(64);
    const elsewhere = describe(NOWHERE, bytes, { urls: [`https://store.example.com/${digestOf(bytes)}`] });
    const { mediaType, bytes: whole } = await putImage(wire);
    const read = JSON.parse(whole.toString()) as { layers: readonly Descriptor[] };
    await goThrough(wire, manifest(mediaType, { ...read, layers: [elsewhere, ...read.layers] }));
  },
  "custom-fields": async (wire) =>
    goThrough(
      wire,
      await putIndex(wire, [await putImage(wire, { fields: custom, ofDescriptor: () => custom })], custom),
    ),
  "no-layers": async (wire) => goThrough(wire, await putImage(wire, { layers: 0 })),
  "sparse image": async (wire) => {
    const made = await putImage(wire);
    const { layers } = JSON.parse(made.bytes.toString()) as { layers: readonly Descriptor[] };
    await wire.want("delete", [202], "DELETE", blobPath(String(layers[0]?.digest)));
    await goThrough(wire, made);
  },
  sha512: async (wire) => {
    const made = await putImage(wire);
    const question = { body: made.bytes, headers: { "content-type": made.mediaType } };
    const digest = digestOf(made.bytes, "sha512");
    await wire.want("put manifest", [201], "PUT", path(digest), question);
    same(
      "bytes",
      (await wire.want("GET", [200], "GET", path(digest), { headers: accept })).bytes.equals(made.bytes),
      true,
    );
  },
  "bad-digest-image": async (wire) => {
    const { mediaType, bytes } = await putImage(wire);
    await put(wire, digestOf(bytes), { mediaType, bytes: Buffer.concat([bytes, Buffer.from("  ")]) }, 400);
  },
  "missing manifest": async (wire) => {
    for (const reference of [absent(), "no-such-tag"])
      for (const method of ["GET", "HEAD"])
        await wire.want(method, [404], method, path(reference), { headers: accept });
  },
  "invalid manifest": async (wire) =>
    void (await put(wire, "invalid", { mediaType: IMAGE, bytes: Buffer.from("blablabla") }, 400)),
};
