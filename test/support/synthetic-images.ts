import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { Registry } from "../../provisioner/registry/client.ts";
import { type Descriptor, digestOf } from "../../provisioner/registry/digest-check.ts";
import type { Manifest } from "../../provisioner/registry/manifest.ts";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const CONFIG = "application/vnd.oci.image.config.v1+json";
const LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";

/** Makes images in a real registry. */
export class SyntheticImages {
  readonly registry: Registry;
  /** Packed, or skopeo would do it, and change the digests. */
  readonly #base = gzipSync(randomBytes(4096));

  constructor(url: string) {
    this.registry = new Registry({ url });
  }

  /** One of `layerBytes` of noise over a layer that all share. Returns its digest. */
  async put(repository: string, tag: string, layerBytes: number, created?: string): Promise<string> {
    const layers = [
      await this.#putBlob(repository, LAYER, this.#base),
      await this.#putBlob(repository, LAYER, gzipSync(randomBytes(layerBytes))),
    ];
    const diff_ids = layers.map(({ digest }) => digest);
    const about = {
      architecture: "amd64",
      os: "linux",
      config: {},
      rootfs: { type: "layers", diff_ids },
      made: tag,
      created,
    };
    const config = await this.#putBlob(repository, CONFIG, Buffer.from(JSON.stringify(about)));
    const manifest = manifestOf({ schemaVersion: 2, mediaType: MANIFEST, config, layers });
    await this.registry.putManifest(repository, tag, manifest);
    return manifest.digest;
  }

  /** An index of images that are there. */
  async putIndex(repository: string, tag: string, digests: readonly string[]): Promise<string> {
    const found = await Promise.all(digests.map((digest) => this.registry.manifest(repository, digest)));
    const manifests = found.flatMap((each, at) => {
      const platform = { os: "linux", architecture: ["amd64", "arm64"][at] };
      return each === undefined
        ? []
        : [{ mediaType: each.mediaType, digest: each.digest, size: each.bytes.length, platform }];
    });
    const mediaType = "application/vnd.oci.image.index.v1+json";
    const index = { ...manifestOf({ schemaVersion: 2, mediaType, manifests }), mediaType };
    await this.registry.putManifest(repository, tag, index);
    return index.digest;
  }

  async #putBlob(
    repository: string,
    mediaType: string,
    bytes: Buffer,
  ): Promise<Omit<Descriptor, "sizeBytes"> & { size: number }> {
    const blob = { mediaType, digest: digestOf(bytes), sizeBytes: bytes.length };
    if (!(await this.registry.blobs.has(repository, blob.digest)))
      await this.registry.blobs.write(repository, blob, async function* (from, to) {
        yield bytes.subarray(from, to);
      });
    return { mediaType, digest: blob.digest, size: bytes.length };
  }
}

function manifestOf(value: object): Manifest {
  const bytes = Buffer.from(JSON.stringify(value));
  return { mediaType: MANIFEST, digest: digestOf(bytes), bytes };
}
