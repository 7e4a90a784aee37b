import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Cleanup } from "./cleanup.ts";

interface StoredManifest {
  readonly mediaType: string;
  readonly bytes: Buffer;
}

interface Repository {
  readonly blobs: Map<string, Buffer>;
  readonly manifests: Map<string, StoredManifest>;
  readonly tags: Map<string, string>;
}

/** Answers in the registry's stead, or says false. */
export type Interception = (request: IncomingMessage, response: ServerResponse, body: Buffer) => boolean;

export const MANIFEST: string = "application/vnd.oci.image.manifest.v1+json";
export const INDEX: string = "application/vnd.oci.image.index.v1+json";

export function sha256(bytes: string | Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Answers everything alike. */
export function answering(
  status: number,
  body: string | Uint8Array = "",
  headers: Readonly<Record<string, string>> = {},
): Interception {
  return (_request, response) => {
    response.writeHead(status, headers).end(body);
    return true;
  };
}

/** A registry on loopback that keeps everything in memory, and misbehaves where a test tells it to. */
export class MemoryRegistry {
  readonly repositories: Map<string, Repository> = new Map();
  /** `METHOD path` of each request, in order. */
  readonly requests: string[] = [];
  intercept: Interception | undefined;
  /** Whether it lists what is said of an image, as the specification has it since 1.1. */
  hasReferrers = false;
  /** Names in one page of a list. */
  pageLength = 1000;
  url = "";

  repository(name: string): Repository {
    const found = this.repositories.get(name) ?? { blobs: new Map(), manifests: new Map(), tags: new Map() };
    this.repositories.set(name, found);
    return found;
  }

  putBlob(repository: string, content: string | Uint8Array): { digest: string; size: number } {
    const bytes = Buffer.from(content);
    const digest = sha256(bytes);
    this.repository(repository).blobs.set(digest, bytes);
    return { digest, size: bytes.length };
  }

  putManifest(
    repository: string,
    tag: string | undefined,
    value: object,
    mediaType: string = MANIFEST,
  ): string {
    const bytes = Buffer.from(JSON.stringify(value));
    const digest = sha256(bytes);
    this.repository(repository).manifests.set(digest, { mediaType, bytes });
    if (tag !== undefined) this.repository(repository).tags.set(tag, digest);
    return digest;
  }

  /** An image with one layer; `about` is its configuration. Returns its digest. */
  putImage(
    repository: string,
    tag: string | undefined,
    layer: string | Uint8Array,
    about: object = {},
  ): string {
    const config = {
      mediaType: "application/vnd.oci.image.config.v1+json",
      ...this.putBlob(repository, JSON.stringify(about)),
    };
    const layers = [
      { mediaType: "application/vnd.oci.image.layer.v1.tar", ...this.putBlob(repository, layer) },
    ];
    return this.putManifest(repository, tag, { schemaVersion: 2, mediaType: MANIFEST, config, layers });
  }

  tagsOf(repository: string): Record<string, string> {
    return Object.fromEntries(this.repositories.get(repository)?.tags ?? []);
  }

  /** On a port of its own, or on a unix socket. */
  async start(cleanup: Cleanup, socketPath?: string): Promise<this> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("error", () => {}); // a client that gave up
      request.on("end", () => {
        this.requests.push(`${request.method} ${request.url}`);
        const body = Buffer.concat(chunks);
        if (!this.intercept?.(request, response, body)) this.#answer(request, response, body);
      });
    });
    await new Promise<void>((resolve) =>
      socketPath === undefined ? server.listen(0, "127.0.0.1", resolve) : server.listen(socketPath, resolve),
    );
    cleanup.add("registry in memory", () => {
      server.closeAllConnections();
      server.close();
    });
    if (socketPath === undefined) this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    else this.url = "http://behind-a-socket";
    return this;
  }

  #answer(request: IncomingMessage, response: ServerResponse, body: Buffer): unknown {
    const url = new URL(request.url ?? "", this.url);
    if (url.pathname === "/v2/_catalog")
      return this.#list(url, response, "repositories", [...this.repositories.keys()]);
    const match =
      /^\/v2\/(.+)\/(tags\/list|referrers\/[^/]+|manifests\/[^/]+|blobs\/[^/]+(?:\/[^/]*)?)$/.exec(
        url.pathname,
      );
    const [, name = "", rest = ""] = match ?? [];
    const [kind, id = ""] = rest.split(/\/(.*)/s);
    if (kind === "tags") {
      const found = this.repositories.get(name);
      if (found === undefined) return fail(response, 404, "NAME_UNKNOWN");
      return this.#list(url, response, "tags", [...found.tags.keys()]);
    }
    if (kind === "referrers") return this.#referrers(response, this.repository(name), id);
    if (kind === "manifests") return this.#manifest(request, response, this.repository(name), id, body);
    if (id.startsWith("uploads/")) return this.#upload(request, response, name, url, body);
    return this.#blob(request, response, this.repository(name).blobs.get(id));
  }

  #list(url: URL, response: ServerResponse, field: string, all: readonly string[]): unknown {
    const last = url.searchParams.get("last") ?? "";
    const rest = [...all].sort().filter((name) => name > last);
    const page = rest.slice(0, this.pageLength);
    const next = `${url.pathname}?${new URLSearchParams({ last: page.at(-1) ?? "", n: `${this.pageLength}` })}`;
    if (page.length < rest.length) response.setHeader("link", `<${next}>; rel="next"`);
    response.setHeader("content-type", "application/json");
    return response.end(JSON.stringify({ [field]: page }));
  }

  #referrers(response: ServerResponse, { manifests }: Repository, subject: string): unknown {
    if (!this.hasReferrers)
      return response.writeHead(404, { "content-type": "text/plain" }).end("404 page not found\n");
    const found = [...manifests].flatMap(([digest, { mediaType, bytes }]) => {
      const value = JSON.parse(bytes.toString());
      const about = { mediaType, digest, size: bytes.length, artifactType: value.artifactType };
      return value.subject?.digest === subject ? [about] : [];
    });
    response.setHeader("content-type", INDEX);
    return response.end(JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: found }));
  }

  #manifest(
    request: IncomingMessage,
    response: ServerResponse,
    repository: Repository,
    id: string,
    body: Buffer,
  ): unknown {
    if (request.method === "PUT") return this.#putManifest(request, response, repository, id, body);
    if (request.method === "DELETE") return remove(repository, id, response);
    const digest = id.includes(":") ? id : repository.tags.get(id);
    const found = repository.manifests.get(digest ?? "");
    if (found === undefined) return fail(response, 404, "MANIFEST_UNKNOWN");
    const headers = { "content-type": found.mediaType, "docker-content-digest": digest };
    return response.writeHead(200, headers).end(request.method === "HEAD" ? undefined : found.bytes);
  }

  #putManifest(
    request: IncomingMessage,
    response: ServerResponse,
    repository: Repository,
    id: string,
    body: Buffer,
  ): unknown {
    if (body.length === 0) return fail(response, 400, "MANIFEST_INVALID");
    const digest = sha256(body);
    const missing = partsOf(body).filter(
      (part) => !repository.blobs.has(part) && !repository.manifests.has(part),
    );
    if (missing.length > 0) return fail(response, 400, "MANIFEST_BLOB_UNKNOWN");
    repository.manifests.set(digest, { mediaType: request.headers["content-type"] ?? "", bytes: body });
    if (!id.includes(":")) repository.tags.set(id, digest);
    const subject: string | undefined = JSON.parse(body.toString()).subject?.digest;
    if (this.hasReferrers && subject !== undefined) response.setHeader("oci-subject", subject);
    return response.writeHead(201, { "docker-content-digest": digest }).end();
  }

  #blob(request: IncomingMessage, response: ServerResponse, bytes: Buffer | undefined): unknown {
    if (bytes === undefined) return fail(response, 404, "BLOB_UNKNOWN");
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
    const part = first === undefined ? bytes : bytes.subarray(Number(first), Number(last) + 1);
    const range = { "content-range": `bytes ${first}-${last}/${bytes.length}` };
    const headers = { "content-length": part.length, ...(first === undefined ? {} : range) };
    return response
      .writeHead(first === undefined ? 200 : 206, headers)
      .end(request.method === "HEAD" ? undefined : part);
  }

  readonly #uploads = new Map<string, Buffer>();

  #upload(request: IncomingMessage, response: ServerResponse, name: string, url: URL, body: Buffer): unknown {
    const { blobs } = this.repository(name);
    const id = url.pathname.split("/").at(-1) ?? "";
    const answer = (status: number, at: string): unknown => {
      const range = `0-${Math.max(0, (this.#uploads.get(at)?.length ?? 0) - 1)}`;
      return response
        .writeHead(status, { location: `/v2/${name}/blobs/uploads/${at}?_state=x`, range })
        .end();
    };
    if (request.method === "POST") {
      const mount = url.searchParams.get("mount") ?? "";
      const found = this.repositories.get(url.searchParams.get("from") ?? "")?.blobs.get(mount);
      if (found !== undefined) blobs.set(mount, found);
      const made = `u${this.#uploads.size}`;
      if (found === undefined) this.#uploads.set(made, Buffer.alloc(0));
      return answer(found === undefined ? 202 : 201, made);
    }
    const so = this.#uploads.get(id);
    if (so === undefined) return fail(response, 404, "BLOB_UPLOAD_UNKNOWN");
    if (request.method === "GET" || request.method === "DELETE") return answer(204, id);
    const whole = Buffer.concat([so, body]);
    this.#uploads.set(id, whole);
    if (request.method === "PATCH") return answer(202, id);
    if (sha256(whole) !== url.searchParams.get("digest")) return fail(response, 400, "DIGEST_INVALID");
    blobs.set(sha256(whole), whole);
    return response.writeHead(201).end();
  }
}

/** With a digest go all its tags, as in Distribution. */
function remove({ tags, manifests }: Repository, id: string, response: ServerResponse): unknown {
  for (const [tag, digest] of tags) if (tag === id || digest === id) tags.delete(tag);
  manifests.delete(id);
  return response.writeHead(202).end();
}

function partsOf(bytes: Buffer): readonly string[] {
  const { config, layers = [], manifests = [] } = JSON.parse(bytes.toString());
  return [config, ...layers, ...manifests].flatMap((part) => part?.digest ?? []);
}

function fail(response: ServerResponse, status: number, code: string): unknown {
  response.writeHead(status, { "content-type": "application/json" });
  return response.end(
    JSON.stringify({ errors: [{ code, message: code.toLowerCase().replaceAll("_", " ") }] }),
  );
}
