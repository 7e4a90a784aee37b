import { BlockList, isIP } from "node:net";
import { parseDuration } from "../core/runtime/duration.ts";
import { UsageError } from "../core/runtime/errors.ts";
import { LOG_LEVELS, type LogLevel } from "../core/runtime/log.ts";
import {
  type Given,
  type GivenOptions,
  type GivenValue,
  oneOf,
  readGivenOptions,
} from "../core/runtime/options.ts";
import { type Forward, parseForward } from "./forward-url.ts";
import type { ListenAddress, Security } from "./http/server.ts";
import type { TlsFiles } from "./http/tls.ts";
import { parsePeerUrl } from "./peers/peers.ts";
import { type PromqlUrl, parsePromqlUrl } from "./promql/promql-url.ts";
import { addAddress } from "./trust/address-list.ts";
import { TRUST_MODES, type TrustMode } from "./trust/trust.ts";

/** Read when it exists and no other is named. */
export const CONFIG_FILE = "/etc/plimsoll/collector.yaml";

/** More than a thousand agents behind one address; a collector that hands on has a token for all, and no limit. */
const DEFAULT_CLIENT_RATE = 20_000;
const LOOPBACK: Given = { option: "listen", value: "127.0.0.1:9465" };

/** What the command line says, as text. */
export interface ServeFlags {
  readonly config?: string;
  readonly listen?: readonly string[];
  readonly adminListen?: readonly string[];
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsClientCa?: string;
  readonly proxyFrom?: readonly string[];
  readonly forward?: readonly string[];
  readonly data?: string;
  readonly keep?: string;
  readonly keepCoarse?: string;
  readonly historyFrom?: string;
  readonly businessLabel?: string;
  readonly docker?: readonly string[];
  readonly provisioner?: readonly string[];
  readonly peer?: readonly string[];
  readonly trust?: string;
  readonly tokenFile?: string;
  readonly clientRate?: string;
  readonly staleAfter?: string;
  readonly logLevel?: string;
}

export interface ServeOptions {
  readonly listen: readonly ListenAddress[];
  /** Where everything but pushing is; empty for the same addresses. */
  readonly adminListen: readonly ListenAddress[];
  readonly security: Security;
  readonly forwards: readonly Forward[];
  /** A directory, "none" for memory, undefined for the default directory where that can be written to. */
  readonly data: string | undefined;
  /** How long samples are kept as they came, and in windows of five minutes. */
  readonly keepMs: number;
  readonly keepCoarseMs: number;
  /** Who answers PromQL for all history; undefined for what is kept here. */
  readonly historyFrom: PromqlUrl | undefined;
  /** The label that says whose a machine is: capacity is told by it. */
  readonly businessLabel: string;
  /** Sockets of Docker engines to follow. */
  readonly docker: readonly string[];
  /** Sockets of provisioners to follow. */
  readonly provisioner: readonly string[];
  /** Other collectors behind the same load balancer. */
  readonly peers: readonly URL[];
  readonly trust: TrustMode;
  readonly tokenFile: string | undefined;
  /** Samples a second that one client may bring; Infinity for no limit. */
  readonly clientRate: number;
  readonly staleAfterMs: number;
  readonly logLevel: LogLevel;
}

const OPTIONS = {
  program: "COLLECTOR",
  defaultFile: CONFIG_FILE,
  keys: [
    "listen",
    "adminListen",
    "tlsCert",
    "tlsKey",
    "tlsClientCa",
    "proxyFrom",
    "forward",
    "data",
    "keep",
    "keepCoarse",
    "historyFrom",
    "businessLabel",
    "docker",
    "provisioner",
    "peer",
    "trust",
    "tokenFile",
    "clientRate",
    "staleAfter",
    "logLevel",
  ],
} as const;

/** Flag before environment before configuration file before default. Throws UsageError naming the option that is wrong. */
export async function readServeOptions(flags: ServeFlags): Promise<ServeOptions> {
  const given = await readGivenOptions(OPTIONS, { ...flags });
  const duration = (key: "keep" | "keepCoarse" | "staleAfter", usual: string): number => {
    const { option, value } = given.text(key) ?? { option: key, value: usual };
    return parseDuration(option, value);
  };
  const trust = oneOf(TRUST_MODES, "a way to trust", given.text("trust")) ?? "address";
  const tokenFile = given.text("tokenFile")?.value || undefined;
  if (trust === "token" && tokenFile === undefined)
    throw new UsageError(`${given.text("trust")?.option}: token takes nobody without a token file`, {
      hint: "name one with --token-file",
    });
  const listen = each(given.texts("listen") ?? [LOOPBACK], parseListen);
  const adminListen = each(given.texts("adminListen"), parseListen);
  const tls = tlsFiles(given);
  checkTls(tls, [...listen, ...adminListen]);
  return {
    listen,
    adminListen,
    security: { tls, proxies: addressesOf(given.texts("proxyFrom")) },
    forwards: distinct(each(given.values("forward"), parseForward)),
    data: given.text("data")?.value || undefined,
    keepMs: duration("keep", "15d"),
    keepCoarseMs: duration("keepCoarse", "400d"),
    historyFrom: parseHistoryFrom(given.text("historyFrom")),
    businessLabel: parseLabel(given.text("businessLabel")) ?? "business",
    docker: each(given.texts("docker"), parseSocket),
    provisioner: each(given.texts("provisioner"), parseSocket),
    peers: each(given.texts("peer"), parsePeerUrl),
    trust,
    tokenFile,
    clientRate: parseRate(given.text("clientRate")),
    staleAfterMs: duration("staleAfter", "5m"),
    logLevel: oneOf(LOG_LEVELS, "a log level", given.text("logLevel")) ?? "info",
  };
}

/** An empty text is none: `--forward ""` takes back what the configuration says. */
function each<T, V>(
  given: readonly (GivenValue & { readonly value: V })[] | undefined,
  parse: (option: string, value: V) => T,
): readonly T[] {
  return (given ?? []).filter(({ value }) => value !== "").map(({ option, value }) => parse(option, value));
}

/** Who has a certificate and speaks in plain text all the same has made a mistake. */
function checkTls(tls: TlsFiles | undefined, listen: readonly ListenAddress[]): void {
  const isSpoken = listen.some(({ isTls }) => isTls);
  if (isSpoken && tls === undefined)
    throw new UsageError("listen: tls:// needs a certificate", { hint: "give --tls-cert and --tls-key" });
  if (!isSpoken && tls !== undefined)
    throw new UsageError("listen: a certificate is for tls://", {
      hint: "write --listen tls://0.0.0.0:9466",
    });
}

function parseLabel(given: Given | undefined): string | undefined {
  if (given === undefined || given.value === "") return undefined;
  if (/^[a-zA-Z_]\w*$/.test(given.value)) return given.value;
  throw new UsageError(`${given.option}: ${JSON.stringify(given.value)} is not the name of a label`);
}

/** Both of them or neither. */
function tlsFiles(given: GivenOptions<(typeof OPTIONS.keys)[number]>): TlsFiles | undefined {
  const [cert, key, clientCa] = (["tlsCert", "tlsKey", "tlsClientCa"] as const).map(
    (name) => given.text(name)?.value || undefined,
  );
  if (cert !== undefined && key !== undefined) return { cert, key, clientCa };
  if (cert === undefined && key === undefined && clientCa === undefined) return undefined;
  throw new UsageError("TLS needs a certificate and its key", { hint: "give --tls-cert and --tls-key" });
}

function addressesOf(given: readonly Given[] = []): BlockList {
  const addresses = new BlockList();
  for (const { option, value } of given) {
    if (value !== "" && !addAddress(addresses, value))
      throw new UsageError(`${option}: ${JSON.stringify(value)} is not an address or a network`);
  }
  return addresses;
}

/** `127.0.0.1:9465`, `[::1]:9465`, `localhost:0`, `tls://0.0.0.0:9466`. */
function parseListen(option: string, text: string): ListenAddress {
  const match = /^(?<tls>tls:\/\/)?(?:\[(?<v6>[^\]]+)\]|(?<name>[^:[\]]+)):(?<port>\d{1,5})$/.exec(text);
  const { tls, v6, name, port } = match?.groups ?? {};
  const isAddress = v6 === undefined ? name !== undefined : isIP(v6) === 6;
  if (isAddress && Number(port) <= 65_535) {
    const where = { host: v6 ?? name ?? "", port: Number(port) };
    return tls === undefined ? where : { ...where, isTls: true };
  }
  throw new UsageError(`${option}: ${JSON.stringify(text)} is not an address to listen on`, {
    hint: "write 127.0.0.1:9465, [::1]:9465 or tls://0.0.0.0:9466",
  });
}

function parseHistoryFrom(given: Given | undefined): PromqlUrl | undefined {
  if (given === undefined || given.value === "") return undefined;
  return parsePromqlUrl(given.option, given.value);
}

/** `20000`; `none` is no limit. */
function parseRate(given: Given | undefined): number {
  if (given === undefined) return DEFAULT_CLIENT_RATE;
  if (given.value === "none") return Number.POSITIVE_INFINITY;
  const rate = /^\d{1,9}$/.test(given.value) ? Number(given.value) : 0;
  if (rate > 0) return rate;
  throw new UsageError(
    `${given.option}: ${JSON.stringify(given.value)} is not a number of samples a second, or none`,
  );
}

/** `unix:///var/run/docker.sock`, or the path alone. */
function parseSocket(option: string, text: string): string {
  const path = text.replace(/^unix:\/\//, "");
  if (path.startsWith("/")) return path;
  throw new UsageError(`${option}: ${JSON.stringify(text)} is not the path of a socket`);
}

function distinct(forwards: readonly Forward[]): readonly Forward[] {
  const twice = forwards.find(
    ({ name }, index) => forwards.findIndex((other) => other.name === name) < index,
  );
  if (twice === undefined) return forwards;
  throw new UsageError(`forward: ${twice.name} is given twice`);
}
