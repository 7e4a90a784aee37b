import { NotFoundError } from "../../core/runtime/errors.ts";
import type { Registry } from "../registry/client.ts";
import { type Descriptor, digestOf } from "../registry/digest-check.ts";
import { IMAGE_TYPE } from "../registry/manifest.ts";
import { putReferrer } from "../registry/referrers.ts";
import { SBOM_TYPE } from "./sbom.ts";

/** The configuration of what is no image (OCI image specification, "Guidance for an Empty Descriptor"). */
const EMPTY = { type: "application/vnd.oci.empty.v1+json", bytes: Buffer.from("{}") };

/** Keeps an SBOM in the registry beside the manifest that it is of. Returns its digest. */
export async function attachSbom(
  registry: Registry,
  repository: string,
  subject: string,
  text: string,
  nowMs: number,
): Promise<string> {
  const image = await registry.manifest(repository, subject);
  if (image === undefined) throw new NotFoundError(`image ${repository}@${subject}: there is none`);
  const put = async (mediaType: string, bytes: Buffer): Promise<object> => {
    const blob: Descriptor = { mediaType, digest: digestOf(bytes), sizeBytes: bytes.length };
    if (!(await registry.blobs.has(repository, blob.digest)))
      await registry.blobs.write(repository, blob, async function* (from, to) {
        yield bytes.subarray(from, to);
      });
    return { mediaType, digest: blob.digest, size: bytes.length };
  };
  const value = {
    schemaVersion: 2,
    mediaType: IMAGE_TYPE,
    artifactType: SBOM_TYPE,
    config: await put(EMPTY.type, EMPTY.bytes),
    layers: [await put(SBOM_TYPE, Buffer.from(text))],
    subject: { mediaType: image.mediaType, digest: image.digest, size: image.bytes.length },
    annotations: { "org.opencontainers.image.created": new Date(nowMs).toISOString() },
  };
  const bytes = Buffer.from(JSON.stringify(value));
  const digest = digestOf(bytes);
  await putReferrer(registry, repository, subject, { mediaType: IMAGE_TYPE, digest, bytes });
  return digest;
}
