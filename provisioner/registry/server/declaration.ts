import { existsSync } from "node:fs";
import { environmentOption, readConfigFile } from "../../../core/runtime/config.ts";
import { parseDuration } from "../../../core/runtime/duration.ts";
import { UsageError } from "../../../core/runtime/errors.ts";
import { Mapping } from "../../host/mapping.ts";
import { parseQuota, QUOTA_KEYS, type Quota } from "../tokens/quotas.ts";
import { parseRight, RIGHT_KEYS, type Right } from "../tokens/rights.ts";
import { type Address, parseAddress } from "./address.ts";
import { BALANCER_KEYS, type Balancer, parseBalancer } from "./balancer.ts";
import { parseStorage, STORAGE_KEYS, type Storage } from "./storage.ts";

export const DEFAULT_SERVER_FILE = "/etc/plimsoll/registry-server.yaml";

/** A registry of ours: CNCF Distribution, as one or more replicas over one storage. */
export interface ServerSpec {
  readonly name: string;
  /** Of Distribution: its configuration has changed with 3. */
  readonly version: 2 | 3;
  readonly program: string;
  /** Who it runs as; whoever starts it when undefined. */
  readonly user: string | undefined;
  /** What `init` writes is here. */
  readonly folder: string;
  readonly replicas: readonly Replica[];
  readonly storage: Storage;
  readonly tls: { readonly certificate: string; readonly key: string } | undefined;
  readonly auth: Auth | undefined;
  readonly notifications: readonly Endpoint[];
  readonly balancer: Balancer | undefined;
  /** What images must be like to get a manifest here. */
  readonly policyFile: string | undefined;
}

export interface Replica extends Address {
  readonly name: string;
}

export type Auth =
  | { readonly kind: "htpasswd"; readonly file: string; readonly realm: string }
  | {
      readonly kind: "tokens";
      /** Where clients are sent to. */
      readonly url: string;
      readonly listen: Address;
      /** A file that `plimsoll registry passwd` writes. */
      readonly users: string;
      readonly lifeSeconds: number;
      readonly rights: readonly Right[];
      readonly quotas: readonly Quota[];
    };

/** Who is told of pushes. */
export interface Endpoint {
  readonly name: string;
  readonly url: string;
  readonly tokenFile: string | undefined;
}

const KEYS = [
  "name",
  "version",
  "program",
  "user",
  "folder",
  "replicas",
  "storage",
  "tls",
  "auth",
  "notifications",
  "balancer",
  "policy",
] as const;
const TLS_KEYS = ["certificate", "key"] as const;
const TOKEN_KEYS = ["url", "listen", "users", "lifetime", "rights", "quotas"] as const;
type Top = Mapping<(typeof KEYS)[number]>;

const PROGRAMS = { 2: "docker-registry", 3: "registry" } as const;
const NAME = /^[a-z0-9][a-z0-9.-]*$/;

/** `path`, else PLIMSOLL_REGISTRY_SERVER, else the default file. */
export async function readServer(path: string | undefined): Promise<ServerSpec> {
  const file = path ?? environmentOption("REGISTRY_SERVER") ?? DEFAULT_SERVER_FILE;
  return parseServer(file, await readConfigFile(file));
}

/** Undefined where none is named and there is no default file: not everybody has a registry of his own. */
export async function findServer(path: string | undefined): Promise<ServerSpec | undefined> {
  const named = path ?? environmentOption("REGISTRY_SERVER");
  return named === undefined && !existsSync(DEFAULT_SERVER_FILE) ? undefined : readServer(named);
}

export function parseServer(file: string, values: Readonly<Record<string, unknown>>): ServerSpec {
  const top = new Mapping(`configuration ${file}`, "", values, KEYS);
  const name = top.text("name");
  if (!NAME.test(name)) top.refuse("name", "small letters, digits, . and -");
  const version = top.number("version", 2, 2, 3) === 3 ? 3 : 2;
  const replicas = parseReplicas(top);
  const storage = parseStorage(
    top.mapping("storage", STORAGE_KEYS) ?? top.refuse("storage", "is needed"),
    replicas.length,
  );
  const balancer = top.mapping("balancer", BALANCER_KEYS);
  return {
    name,
    version,
    program: top.text("program", PROGRAMS[version]),
    user: top.optionalText("user"),
    folder: top.path("folder", "/etc/plimsoll/registry"),
    replicas,
    storage,
    tls: parseTls(top),
    auth: parseAuth(top, name, storage),
    notifications: parseNotifications(top),
    balancer: balancer && parseBalancer(balancer, replicas),
    policyFile: top.optionalText("policy") === undefined ? undefined : top.path("policy"),
  };
}

function parseReplicas(top: Top): readonly Replica[] {
  const replicas = top.named("replicas", ["address"]).map(([name, replica]) => {
    if (!NAME.test(name)) top.refuse("replicas", `${JSON.stringify(name)} is not a replica's name`);
    const text = replica.text("address");
    const address =
      parseAddress(text) ?? replica.refuse("address", `${JSON.stringify(text)} is not ADDRESS:PORT`);
    return { name, ...address };
  });
  const twice = replicas.find((one) =>
    replicas.some((other) => other !== one && other.host === one.host && other.port === one.port),
  );
  if (twice !== undefined) top.refuse("replicas", `${twice.host}:${twice.port} is there twice`);
  return replicas.length > 0 ? replicas : top.refuse("replicas", "at least one is needed");
}

function parseTls(top: Top): ServerSpec["tls"] {
  const tls = top.mapping("tls", TLS_KEYS);
  return tls && { certificate: tls.path("certificate"), key: tls.path("key") };
}

function parseAuth(top: Top, name: string, storage: Storage): Auth | undefined {
  const auth = top.mapping("auth", ["htpasswd", "tokens"]);
  const htpasswd = auth?.mapping("htpasswd", ["file", "realm"]);
  const tokens = auth?.mapping("tokens", TOKEN_KEYS);
  if (htpasswd !== undefined && tokens !== undefined)
    return top.refuse("auth", "htpasswd or tokens, not both");
  if (htpasswd !== undefined)
    return { kind: "htpasswd", file: htpasswd.path("file"), realm: htpasswd.text("realm", name) };
  return tokens && parseTokens(tokens, top.mapping("tls", TLS_KEYS) !== undefined, storage);
}

function parseTokens(tokens: Mapping<(typeof TOKEN_KEYS)[number]>, hasTls: boolean, storage: Storage): Auth {
  const url = tokens.url("url");
  if (hasTls && !url.startsWith("https:")) tokens.refuse("url", "passwords would be sent to it without TLS");
  const text = tokens.text("listen");
  const listen = parseAddress(text) ?? tokens.refuse("listen", `${JSON.stringify(text)} is not ADDRESS:PORT`);
  const lifeSeconds = parseDuration(tokens.nameOf("lifetime"), tokens.text("lifetime", "5m")) / 1000;
  // Distribution allows a minute for clocks that differ.
  if (lifeSeconds < 60 || lifeSeconds > 86_400) tokens.refuse("lifetime", "must be from 1m to 24h");
  const rights = tokens.mappings("rights", RIGHT_KEYS).map(parseRight);
  if (rights.length === 0) tokens.refuse("rights", "is needed: nobody could do anything");
  const quotas = tokens.mappings("quotas", QUOTA_KEYS).map(parseQuota);
  if (quotas.length > 0 && storage.kind !== "filesystem")
    tokens.refuse("quotas", "what is in a bucket is not counted: they need a folder as storage");
  return { kind: "tokens", url, listen, users: tokens.path("users"), lifeSeconds, rights, quotas };
}

function parseNotifications(top: Top): readonly Endpoint[] {
  return top.named("notifications", ["url", "tokenFile"]).map(([name, endpoint]) => ({
    name,
    url: endpoint.url("url"),
    tokenFile: endpoint.optionalText("tokenFile"),
  }));
}

/** The replica that runs here: the one that is named, the only one, or the one of this host's name. */
export function chooseReplica({ replicas }: ServerSpec, name: string | undefined, host: string): Replica {
  const wanted = name ?? (replicas.length === 1 ? replicas[0]?.name : host);
  const found = replicas.find((replica) => replica.name === wanted);
  if (found !== undefined) return found;
  throw new UsageError(`--replica: ${wanted} is none of the registry's replicas`, {
    hint: `known are ${replicas.map((replica) => replica.name).join(", ")}`,
  });
}
