import { type Clock, systemClock } from "../../core/runtime/clock.ts";
import { Blobs } from "./blobs.ts";
import { type Call, type RegistryAccess, RegistryConnection } from "./connection.ts";
import { type Descriptor, digestOf } from "./digest-check.ts";
import {
  INDEX_TYPE,
  MANIFEST_TYPES,
  MAX_MANIFEST_BYTES,
  type Manifest,
  parseJson,
  parseManifest,
} from "./manifest.ts";
import { isDigest, isRepository, isTag, path, refuseName, scopeOf } from "./names.ts";
import { RegistryError } from "./registry-error.ts";

/** A page of names. */
const MAX_PAGE_BYTES = 16 * 1024 * 1024;
/** Names of one list; more is a list without an end. */
const MAX_NAMES = 1_000_000;
const PAGE = 1000;
const ACCEPT = MANIFEST_TYPES.join(", ");

/** One registry by the OCI distribution specification 1.1. All names are checked before they become a path. */
export class Registry {
  readonly url: string;
  readonly blobs: Blobs;
  readonly #connection: RegistryConnection;

  constructor(access: RegistryAccess, clock: Clock = systemClock) {
    this.url = access.url;
    this.#connection = new RegistryConnection(access, clock);
    this.blobs = new Blobs(this.#connection);
  }

  /** Also those all of whose tags are gone. */
  async repositories(): Promise<readonly string[]> {
    return this.#names("_catalog", "repositories", "registry:catalog:*", isRepository);
  }

  /** None when there is no such repository. */
  async tags(repository: string): Promise<readonly string[]> {
    return this.#names(`${path(repository)}/tags/list`, "tags", scopeOf(repository), isTag);
  }

  /** The digest of a manifest; undefined when there is none. */
  async digestOf(repository: string, reference: string): Promise<string | undefined> {
    const answer = await this.#connection.call({
      ...this.#manifestCall("HEAD", repository, reference, [200, 404]),
      headers: { accept: ACCEPT },
    });
    await answer.body.dump();
    if (answer.statusCode === 404) return undefined;
    const digest = answer.headers["docker-content-digest"];
    if (typeof digest === "string" && isDigest(digest)) return digest;
    return (await this.manifest(repository, reference))?.digest;
  }

  /** Undefined when there is none. */
  async manifest(repository: string, reference: string): Promise<Manifest | undefined> {
    const call = this.#manifestCall("GET", repository, reference, [200, 404]);
    const request = { ...call, headers: { accept: ACCEPT } };
    const { answer, bytes } = await this.#connection.read(request, MAX_MANIFEST_BYTES);
    if (answer.statusCode === 404) return undefined;
    const digest = digestOf(bytes, reference.startsWith("sha512:") ? "sha512" : "sha256");
    if (isDigest(reference) && digest !== reference)
      throw new RegistryError(`registry ${this.host}: ${call.what}: its content is ${digest}`);
    const mediaType = String(answer.headers["content-type"] ?? "").split(";")[0] ?? "";
    return { mediaType, digest, bytes };
  }

  /** What it names must be there already. Whether the registry notes whom its `subject` is. */
  async putManifest(repository: string, reference: string, { mediaType, bytes }: Manifest): Promise<boolean> {
    const answer = await this.#connection.call({
      ...this.#manifestCall("PUT", repository, reference, [201], "pull,push"),
      headers: { "content-type": mediaType },
      body: () => bytes,
    });
    await answer.body.dump();
    return answer.headers["oci-subject"] !== undefined;
  }

  /** What is said of a manifest: signatures, SBOMs. Undefined where the registry has no such list ("Listing Referrers"). */
  async referrers(repository: string, digest: string): Promise<readonly Descriptor[] | undefined> {
    if (!isDigest(digest)) refuseName(digest, "a digest");
    const found: Descriptor[] = [];
    const what = `referrers of ${repository}@${digest}`;
    const target = `${path(repository)}/referrers/${digest}`;
    const pages = this.#pages(target, what, scopeOf(repository), [400, 404, 405]); // whatever older ones say
    for await (const page of pages) {
      if (page === undefined) return undefined;
      found.push(...parseManifest(what, { mediaType: INDEX_TYPE, bytes: page }).manifests);
      if (found.length > MAX_NAMES)
        throw new RegistryError(`registry ${this.host}: ${what}: a list without an end`);
    }
    return found;
  }

  /** By tag, or by digest with all its tags. False where the registry has no such call. */
  async removeManifest(repository: string, reference: string): Promise<boolean> {
    const ok = isDigest(reference) ? [202, 404] : [202, 404, 400, 405];
    const call = this.#manifestCall("DELETE", repository, reference, ok, "pull,push,delete");
    const answer = await this.#connection.call(call);
    await answer.body.dump();
    return answer.statusCode === 202 || answer.statusCode === 404;
  }

  get host(): string {
    return this.#connection.url.host;
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  #manifestCall(
    method: "GET" | "HEAD" | "PUT" | "DELETE",
    repository: string,
    reference: string,
    ok: readonly number[],
    actions = "pull",
  ): Call {
    if (!isTag(reference) && !isDigest(reference)) refuseName(reference, "a tag or a digest");
    const target = `${path(repository)}/manifests/${reference}`;
    const separator = isDigest(reference) ? "@" : ":";
    return {
      method,
      target,
      what: repository + separator + reference,
      scope: scopeOf(repository, actions),
      ok,
    };
  }

  /** Page after page, as the Link headers lead (RFC 8288). Undefined is that there is no such list. */
  async *#pages(
    first: string,
    what: string,
    scope: string,
    absent: readonly number[] = [404],
  ): AsyncGenerator<Buffer | undefined> {
    const visited = new Set<string>();
    let next: string | URL | undefined = first;
    while (next !== undefined) {
      const call = { method: "GET", target: next, what, scope, ok: [200, ...absent] } as const;
      const { answer, bytes } = await this.#connection.read(call, MAX_PAGE_BYTES);
      yield answer.statusCode === 200 ? bytes : undefined;
      const link = /<([^>]+)>\s*;\s*rel="?next"?/.exec([answer.headers.link].flat().join(","))?.[1];
      next = link === undefined ? undefined : this.#connection.resolve(link, what);
      if (next !== undefined && visited.has(String(next)))
        throw new RegistryError(`registry ${this.host}: ${what}: a list without an end`);
      visited.add(String(next));
    }
  }

  /** Registries that know no pages answer with all. */
  async #names(
    target: string,
    field: string,
    scope: string,
    isFit: (name: string) => boolean,
  ): Promise<readonly string[]> {
    const names = new Set<string>();
    for await (const page of this.#pages(`${target}?n=${PAGE}`, target, scope)) {
      if (page === undefined) break;
      for (const name of this.#readNames(target, parseJson(target, page)[field], isFit)) names.add(name);
      if (names.size > MAX_NAMES)
        throw new RegistryError(`registry ${this.host}: ${target}: a list without an end`);
    }
    return [...names].sort();
  }

  #readNames(what: string, value: unknown, isFit: (name: string) => boolean): readonly string[] {
    const names: unknown = value ?? [];
    if (!Array.isArray(names)) throw new RegistryError(`registry ${this.host}: ${what}: not a list of names`);
    const unfit = names.find((name) => typeof name !== "string" || !isFit(name));
    if (unfit === undefined) return names;
    throw new RegistryError(
      `registry ${this.host}: ${what}: lists ${JSON.stringify(unfit)}, which is no name`,
    );
  }
}
