import { arch } from "node:os";
import { isDigest } from "../registry/names.ts";
import type { Layer } from "./inspect.ts";

/** An image as it is stored somewhere, of one platform. */
export interface Image {
  /** What it was asked for by. */
  readonly name: string;
  /** Of its manifest; of its configuration where there is none. */
  readonly digest: string;
  readonly config: ImageConfig;
  /** From the bottom up. */
  readonly layers: readonly Layer[];
  /** What it is built from, where that is said by something else than its labels. */
  readonly base?: string;
}

/** OCI image configuration, as far as it is read. */
export interface ImageConfig {
  /** `8080/tcp`. */
  readonly exposedPorts: readonly string[];
  /** Who its program runs as; root when it is empty. */
  readonly user: string;
  /** `NAME=value`. */
  readonly env: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Digests of the unpacked layers, from the bottom up. */
  readonly diffIds: readonly string[];
}

/** Node's name of a processor → an image's. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };

/** Which image of an index this host runs: `linux/amd64`. */
export function enginePlatform(): string {
  return `linux/${ARCHITECTURES[arch()] ?? arch()}`;
}

/** What is not as it should be is as if it were not there: an image's author is not trusted to be careful. */
export function parseImageConfig(value: Readonly<Record<string, unknown>>): ImageConfig {
  const config = record(value.config);
  const diffIds: unknown = record(value.rootfs).diff_ids;
  const labels = Object.entries(record(config.Labels)).map(([name, label]) => [name, String(label)]);
  return {
    exposedPorts: Object.keys(record(config.ExposedPorts)),
    user: typeof config.User === "string" ? config.User : "",
    env: texts(config.Env),
    labels: Object.fromEntries(labels),
    diffIds: texts(diffIds).filter(isDigest),
  };
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}
