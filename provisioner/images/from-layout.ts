/*
 * An image in files: an OCI image layout, or what `docker save` writes (before Docker 25, that is
 * manifest.json alone).
 *
 *   index.json     {"schemaVersion":2,"manifests":[{"digest":"sha256:…","annotations":{"org.opencontainers.image.ref.name":"v1"}}]}
 *   manifest.json  [{"Config":"HEX.json","RepoTags":["app:v1"],"Layers":["HEX/layer.tar"]}]
 */
import { PlimsollError } from "../../core/runtime/errors.ts";
import { type Descriptor, DigestCheck, digestOf } from "../registry/digest-check.ts";
import { MANIFEST_TYPES, MAX_MANIFEST_BYTES, type Manifest, parseJson } from "../registry/manifest.ts";
import { isDigest } from "../registry/names.ts";
import { readImage } from "./from-registry.ts";
import { type Image, parseImageConfig } from "./image.ts";
import { type LayoutFiles, openLayoutFiles } from "./layout-files.ts";

export async function readFromLayout(path: string, platform: string): Promise<Image> {
  const files = await openLayoutFiles(path);
  if ((await files.sizeBytes("index.json")) !== undefined) return readOciLayout(path, files, platform);
  if ((await files.sizeBytes("manifest.json")) !== undefined) return readSaved(path, files);
  throw new PlimsollError("IMAGE", `${path}: no image: neither index.json nor manifest.json is in it`);
}

async function readOciLayout(name: string, files: LayoutFiles, platform: string): Promise<Image> {
  const bytes = await files.read("index.json");
  const index: Manifest = { mediaType: MANIFEST_TYPES[0] ?? "", digest: digestOf(bytes), bytes };
  const store = {
    manifest: (digest: string) => readManifest(name, files, digest),
    open: (blob: Descriptor) => {
      const check = new DigestCheck(`${name}: ${blob.digest}`, blob);
      return check.pass(files.open(blobPath(blob.digest)), 0, blob.sizeBytes);
    },
  };
  return readImage(name, store, index, platform);
}

async function readManifest(name: string, files: LayoutFiles, digest: string): Promise<Manifest | undefined> {
  const path = blobPath(digest);
  const sizeBytes = await files.sizeBytes(path);
  if (sizeBytes === undefined) return undefined;
  if (sizeBytes > MAX_MANIFEST_BYTES)
    throw new PlimsollError("IMAGE", `${name}: a manifest of ${sizeBytes} bytes`);
  const bytes = await files.read(path);
  const found = digestOf(bytes, digest.split(":")[0]);
  if (found !== digest) throw new PlimsollError("IMAGE", `${name}: ${digest}: its content is ${found}`);
  const { mediaType, manifests } = parseJson(`${name}: ${digest}`, bytes);
  // OCI's own documents may leave their type to whoever names them.
  const preset = MANIFEST_TYPES[manifests === undefined ? 1 : 0] ?? "";
  return { mediaType: typeof mediaType === "string" ? mediaType : preset, digest, bytes };
}

function blobPath(digest: string): string {
  return `blobs/${digest.replace(":", "/")}`;
}

async function readSaved(name: string, files: LayoutFiles): Promise<Image> {
  const [first, ...others] = parseList(name, await files.read("manifest.json"));
  if (first === undefined || others.length > 0)
    throw new PlimsollError(
      "IMAGE",
      `${name}: ${others.length + (first ? 1 : 0)} images in it, where one is meant`,
    );
  const { Config: configPath, Layers: layerPaths } = first;
  if (typeof configPath !== "string" || !Array.isArray(layerPaths))
    throw new PlimsollError("IMAGE", `${name}: manifest.json: no configuration, or no layers`);
  const configBytes = await files.read(configPath);
  const config = parseImageConfig(parseJson(`${name}: ${configPath}`, configBytes));
  const layers = await Promise.all(
    layerPaths.map(String).map(async (path, at) => {
      const sizeBytes = (await files.sizeBytes(path)) ?? 0;
      const digest = config.diffIds[at] ?? path;
      const descriptor = { mediaType: "", digest, sizeBytes };
      // Saved layers are unpacked: what the configuration says of them is their digest.
      const open = (): AsyncIterable<Uint8Array> =>
        isDigest(digest)
          ? new DigestCheck(`${name}: ${path}`, descriptor).pass(files.open(path), 0, sizeBytes)
          : files.open(path);
      return { digest, sizeBytes, open };
    }),
  );
  return { name, digest: digestOf(configBytes), config, layers };
}

function parseList(name: string, bytes: Buffer): readonly Readonly<Record<string, unknown>>[] {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    if (Array.isArray(value)) return value;
  } catch {
    // said below
  }
  throw new PlimsollError("IMAGE", `${name}: manifest.json is not a list`);
}
