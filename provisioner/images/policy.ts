import { environmentOption, openConfigFile, readConfigFile } from "../../core/runtime/config.ts";
import { UsageError } from "../../core/runtime/errors.ts";
import { Mapping } from "../host/mapping.ts";
import { digestOf } from "../registry/digest-check.ts";
import { type Filter, parseFilter } from "../registry/replication/filter.ts";
import type { InstalledPackage } from "./packages.ts";
import { compareVersions } from "./versions.ts";

export const DEFAULT_POLICY = "/etc/plimsoll/image-policy.yaml";

/** What images must be like. What is undefined is not looked at. */
export interface ImagePolicy {
  readonly packages?: {
    /** All others are refused. */
    readonly allowed?: readonly PackageRule[];
    readonly forbidden: readonly PackageRule[];
  };
  /** Ports that an image may expose: `8080/tcp`. */
  readonly ports?: readonly string[];
  readonly users?: { readonly allowed?: Filter; readonly forbidden: readonly string[] };
  /** Paths that may have setuid or setgid bits. */
  readonly setuid?: Filter;
  /** Names and digests that an image may be built from. */
  readonly bases?: Filter;
  /** Of all layers as they are stored. */
  readonly maxBytes?: number;
  readonly labels?: readonly string[];
  /** Paths whose contents are no secrets. */
  readonly secretsAllowed?: Filter;
}

/** `openssl<3.0.11-1`, `telnet*`. */
export interface PackageRule {
  readonly text: string;
  matches(installed: InstalledPackage): boolean;
}

const KEYS = ["packages", "ports", "users", "setuid", "bases", "maxSize", "labels", "secrets"] as const;
type Key = "packages" | "ports" | "users" | "setuid" | "bases" | "maxSize" | "labels" | "secrets";
const UNITS: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };
const ORDERS: Readonly<Record<string, (order: number) => boolean>> = {
  "<": (order) => order < 0,
  "<=": (order) => order <= 0,
  "=": (order) => order === 0,
  ">=": (order) => order >= 0,
  ">": (order) => order > 0,
};

/** `path`, else PLIMSOLL_IMAGE_POLICY, else the default file. */
export async function readPolicy(path: string | undefined): Promise<ImagePolicy> {
  const file = path ?? environmentOption("IMAGE_POLICY") ?? DEFAULT_POLICY;
  return parsePolicy(file, await readConfigFile(file));
}

/** A policy, and what it is known by: the digest of its file. */
export interface KnownPolicy {
  readonly id: string;
  readonly policy: ImagePolicy;
}

/**
 * One that stands guard. A file that is empty may have been cut off, or is yet to be written: it does not mean that everything
 * may be.
 */
export async function readKnownPolicy(file: string): Promise<KnownPolicy> {
  const { text, values } = await openConfigFile(file);
  const policy = parsePolicy(file, values);
  if (Object.keys(values).length === 0 && !text.replaceAll(/#.*/g, "").includes("{"))
    throw new UsageError(`policy ${file}: is empty`, { hint: "{} is one that asks for nothing" });
  return { id: digestOf(Buffer.from(text)), policy };
}

export function parsePolicy(file: string, values: Readonly<Record<string, unknown>>): ImagePolicy {
  const top: Mapping<Key> = new Mapping(`policy ${file}`, "", values, KEYS);
  const isSaid = (key: Key): boolean => values[key] !== undefined;
  const filter = (key: Key): Filter => parseAllowed(top.nameOf(key), top.texts(key, "patterns"));
  const maxBytes = parseSize(top);
  const secrets = top.mapping("secrets", ["allowed"]);
  return {
    ...parsePackages(top),
    ...parseUsers(top),
    ...(isSaid("ports") && {
      ports: top.texts("ports", "ports as 8080/tcp").map((port) => parsePort(top, port)),
    }),
    ...(isSaid("setuid") && { setuid: filter("setuid") }),
    ...(isSaid("bases") && { bases: filter("bases") }),
    ...(maxBytes !== undefined && { maxBytes }),
    ...(isSaid("labels") && { labels: top.texts("labels", "names of labels") }),
    ...(secrets && {
      secretsAllowed: parseAllowed(secrets.nameOf("allowed"), secrets.texts("allowed", "paths")),
    }),
  };
}

/** Where nothing is allowed, nothing is: a filter without patterns would mean all. */
function parseAllowed(option: string, patterns: readonly string[]): Filter {
  return patterns.length === 0 ? () => false : parseFilter(option, patterns);
}

function parsePackages(top: Mapping<Key>): Pick<ImagePolicy, "packages"> {
  const packages = top.mapping("packages", ["allowed", "forbidden"]);
  if (packages === undefined) return {};
  const rules = (key: "allowed" | "forbidden"): readonly PackageRule[] =>
    packages.texts(key, "packages").map((text) => parsePackageRule(packages, key, text));
  const allowed = rules("allowed");
  return { packages: { ...(allowed.length > 0 && { allowed }), forbidden: rules("forbidden") } };
}

function parsePackageRule(
  packages: Mapping<"allowed" | "forbidden">,
  key: "allowed" | "forbidden",
  text: string,
): PackageRule {
  const [, name = "", order, version = ""] = /^([^<>=\s]+)\s*(?:(<=|>=|<|=|>)\s*(\S+))?$/.exec(text) ?? [];
  if (name === "")
    packages.refuse(key, `${JSON.stringify(text)} is not a package, as openssl or openssl<3.0`);
  const isMeant = parseFilter(packages.nameOf(key), [name]);
  const fits = ORDERS[order ?? ""] ?? (() => true);
  return {
    text,
    matches: (installed) => {
      if (order === undefined || !isMeant(installed.name)) return isMeant(installed.name);
      // Nobody is accused of a version that is open until the image is built.
      return installed.version === "" ? key === "allowed" : fits(compareVersions(installed.version, version));
    },
  };
}

function parseUsers(top: Mapping<Key>): Pick<ImagePolicy, "users"> {
  const users = top.mapping("users", ["allowed", "forbidden"]);
  if (users === undefined) return {};
  const allowed = users.texts("allowed", "users");
  return {
    users: {
      ...(allowed.length > 0 && { allowed: parseFilter(users.nameOf("allowed"), allowed) }),
      forbidden: users.texts("forbidden", "users"),
    },
  };
}

function parsePort(top: Mapping<Key>, text: string): string {
  const [, port, protocol = "tcp"] = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/.exec(text) ?? [];
  return port === undefined
    ? top.refuse("ports", `${JSON.stringify(text)} is not a port, as 8080/tcp`)
    : `${port}/${protocol}`;
}

function parseSize(top: Mapping<Key>): number | undefined {
  const text = top.optionalText("maxSize");
  if (text === undefined) return undefined;
  const [, digits, unit = ""] = /^([1-9]\d*)([KMG])$/.exec(text) ?? [];
  return digits === undefined
    ? top.refuse("maxSize", `${JSON.stringify(text)} is not a size, as 500M or 2G`)
    : Number(digits) * (UNITS[unit] ?? 1);
}
