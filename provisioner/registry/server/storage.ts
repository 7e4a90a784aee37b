import type { Mapping } from "../../host/mapping.ts";

export type Storage =
  | { readonly kind: "filesystem"; readonly folder: string }
  | {
      readonly kind: "s3";
      readonly bucket: string;
      readonly region: string;
      /** Of a store that is not Amazon's: Ceph's RADOS gateway and others. */
      readonly endpoint: string | undefined;
      /** Who has signed the store's certificate, where the system does not know them. */
      readonly caFile: string | undefined;
      /** Without both it asks the machine it runs on (an instance's role). */
      readonly keys: { readonly accessFile: string; readonly secretFile: string } | undefined;
      /** In the bucket. */
      readonly folder: string;
      /** Clients fetch blobs from the store itself, which they must be able to reach. */
      readonly redirect: boolean;
    };

export const STORAGE_KEYS = ["filesystem", "s3"] as const;
const S3_KEYS = [
  "bucket",
  "region",
  "endpoint",
  "caFile",
  "accessKeyFile",
  "secretKeyFile",
  "folder",
  "redirect",
] as const;

export function parseStorage(mapping: Mapping<(typeof STORAGE_KEYS)[number]>, replicas: number): Storage {
  const filesystem = mapping.mapping("filesystem", ["folder", "shared"]);
  const s3 = mapping.mapping("s3", S3_KEYS);
  if ((filesystem === undefined) === (s3 === undefined))
    return mapping.refuse("filesystem", "one of filesystem and s3 is needed");
  if (s3 !== undefined) return parseS3(s3);
  if (filesystem === undefined) return mapping.refuse("filesystem", "is needed");
  if (replicas > 1 && !filesystem.flag("shared", false))
    filesystem.refuse(
      "shared",
      "must be true for several replicas: they need the same folder, by NFS or CephFS",
    );
  return { kind: "filesystem", folder: filesystem.path("folder") };
}

function parseS3(mapping: Mapping<(typeof S3_KEYS)[number]>): Storage {
  const bucket = mapping.text("bucket");
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
    mapping.refuse("bucket", `${JSON.stringify(bucket)} is not the name of a bucket`);
  const named = mapping.optionalText("accessKeyFile") !== undefined;
  if (named !== (mapping.optionalText("secretKeyFile") !== undefined))
    mapping.refuse("accessKeyFile", "accessKeyFile and secretKeyFile go together");
  return {
    kind: "s3",
    bucket,
    region: mapping.text("region", "us-east-1"),
    endpoint: mapping.optionalText("endpoint") === undefined ? undefined : mapping.url("endpoint"),
    caFile: mapping.optionalText("caFile") === undefined ? undefined : mapping.path("caFile"),
    keys: named
      ? { accessFile: mapping.path("accessKeyFile"), secretFile: mapping.path("secretKeyFile") }
      : undefined,
    folder: mapping.path("folder", "/"),
    redirect: mapping.flag("redirect", true),
  };
}
