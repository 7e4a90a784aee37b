import { readFileSync, statSync } from "node:fs";
import { isIP } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import type { Labels } from "../core/metrics/series.ts";
import { errnoOf, errorLine, PlimsollError } from "../core/runtime/errors.ts";
import type { Logger } from "../core/runtime/log.ts";
import { parseDefaultRoute, parseDefaultRoute6 } from "./default-route.ts";
import { parseLabels } from "./identity-labels.ts";

/** Where the provisioner says who this container is. */
export const IDENTITY_FILE = "/etc/plimsoll/identity.json";

/** What the identity file says; every field may be absent. */
export interface IdentityFile {
  readonly ip?: string;
  readonly name?: string;
  readonly type?: string;
  readonly labels: Labels;
  /** Which container of its machine this is: owner, generation, container, image, host, as far as they are told. */
  readonly machine: Labels;
}

const NOTHING: IdentityFile = { labels: {}, machine: {} };

export interface IdentityOptions {
  /** `--ip`: wins over everything and never changes. */
  readonly ip: string | undefined;
  /** Static labels of the configuration; they win over the identity file's. */
  readonly labels: Labels;
  readonly file: string;
  /** The address so far, of the identity that this one takes the place of. */
  readonly known?: string | undefined;
  /** Kernel files, for the routes. */
  readonly read: (path: string) => Promise<string>;
  readonly interfaces?: typeof networkInterfaces;
  readonly log: Logger;
}

/**
 * Who this machine is: its permanent address, and the labels every series carries. Asked at each
 * sample, so that an address that appears or changes is followed.
 */
export class Identity {
  readonly #options: IdentityOptions;
  #file: IdentityFile = NOTHING;
  /** What tells one version of the identity file from the next. */
  #fileVersion = "";
  #ip: string | undefined;
  #problem: string | undefined;

  constructor(options: IdentityOptions) {
    this.#options = options;
    this.#ip = options.known ?? options.ip;
  }

  /** The address known now; undefined before there is one. */
  get ip(): string | undefined {
    return this.#ip;
  }

  /** What tells this container from the one before it and the one after it, under the same address. */
  machine(): Labels {
    try {
      this.#refreshFile();
    } catch {
      // `labels` is asked in the same breath, and reports it.
    }
    return this.#file.machine;
  }

  /** The labels; undefined as long as there is no address: a guessed one would start a history that nobody owns. */
  async labels(): Promise<Labels | undefined> {
    try {
      this.#refreshFile();
      this.#follow(this.#options.ip ?? this.#file.ip ?? (await this.#routeAddress()));
    } catch (error) {
      this.#report(errorLine(error));
    }
    return this.#ip === undefined ? undefined : this.#render(this.#ip);
  }

  #render(ip: string): Labels {
    const type = this.#file.type === undefined ? {} : { type: this.#file.type };
    const name = this.#file.name ?? hostname();
    return { ...this.#file.labels, ...this.#options.labels, ...type, hostname: name, ip, instance: ip };
  }

  /** An address that is gone is kept: an interface that is down does not end a machine's history. */
  #follow(ip: string | undefined): void {
    if (ip === undefined && this.#ip === undefined) this.#report("no address yet");
    else this.#problem = undefined;
    if (ip === undefined || ip === this.#ip) return;
    if (this.#ip === undefined) this.#options.log.info({ ip }, "address known");
    else this.#options.log.info({ ip, was: this.#ip }, "address changed");
    this.#ip = ip;
  }

  /** Once per problem, not once per sample. */
  #report(problem: string): void {
    if (problem !== this.#problem) this.#options.log.warn({ problem }, "identity incomplete");
    this.#problem = problem;
  }

  /** Reads the file again only when it is another one: it is replaced by rename, rarely. */
  #refreshFile(): void {
    const { file } = this.#options;
    const status = statSync(file, { throwIfNoEntry: false, bigint: true });
    const version =
      status === undefined ? "" : `${status.dev}:${status.ino}:${status.size}:${status.mtimeNs}`;
    if (version === this.#fileVersion) return;
    this.#file = status === undefined ? NOTHING : readIdentityFile(file);
    this.#fileVersion = version;
  }

  async #routeAddress(): Promise<string | undefined> {
    const { read, interfaces = networkInterfaces } = this.#options;
    const addresses = interfaces();
    const of = (device: string | undefined, family: "IPv4" | "IPv6"): string | undefined =>
      addresses[device ?? ""]?.find((entry) => entry.family === family && !entry.address.startsWith("fe80:"))
        ?.address;
    return (
      of(parseDefaultRoute(await absentAsEmpty(read("/proc/net/route"))), "IPv4") ??
      of(parseDefaultRoute6(await absentAsEmpty(read("/proc/net/ipv6_route"))), "IPv6")
    );
  }
}

/** A kernel without this address family has no such file. */
async function absentAsEmpty(text: Promise<string>): Promise<string> {
  try {
    return await text;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return "";
    throw error;
  }
}

export function readIdentityFile(path: string): IdentityFile {
  return parseIdentity(path, readFileSync(path, "utf8"));
}

/** Throws PlimsollError naming `path` and the field that is wrong. */
export function parseIdentity(path: string, text: string): IdentityFile {
  const fail = (what: string, cause?: unknown): never => {
    throw new PlimsollError(
      "IDENTITY",
      `identity file ${path}: ${what}`,
      cause === undefined ? {} : { cause },
    );
  };
  const value = parseObject(text, fail);
  const field = (name: string): Record<string, string> => {
    const entry = value[name];
    if (entry === undefined || entry === "") return {};
    // A generation counts: it is a number to whoever writes the file.
    if (name === "generation" && Number.isInteger(entry)) return { [name]: String(entry) };
    return typeof entry === "string" ? { [name]: entry } : fail(`${name} must be a string`);
  };
  const ip = field("ip");
  if (ip.ip !== undefined && isIP(ip.ip) === 0) fail(`ip ${JSON.stringify(ip.ip)} is not an address`);
  const labels = parseLabels(value.labels ?? {}, (what) => fail(`labels: ${what}`));
  const { id, ...machine } = Object.assign({}, ...["id", "generation", ...ABOUT].map(field));
  const owner = id === undefined ? {} : { owner: id };
  return { ...ip, ...field("name"), ...field("type"), labels, machine: { ...owner, ...machine } };
}

const ABOUT = ["container", "image", "host"];

function parseObject(text: string, fail: (what: string, cause?: unknown) => never): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    fail("not valid JSON", cause);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return fail("not a JSON object");
  return value as Record<string, unknown>;
}
