/*
 * What the engine writes while it works on images (Docker Engine API, "ImageBuild", "ImageCreate"): a line of JSON each
 *
 *   {"stream":"Step 1/3 : FROM debian:12\n"}   {"status":"Pulling fs layer","id":"3f4c…"}
 *   {"aux":{"ID":"sha256:…"}}                  {"error":"manifest unknown"}
 */
import { Readable } from "node:stream";
import type { BuildInfo, ImageInspectAnswer } from "../../core/runtime/engine-types.ts";
import { PlimsollError } from "../../core/runtime/errors.ts";
import { EngineConnection } from "../docker/request.ts";
import type { Credentials } from "../registry/authorization.ts";

export interface BuildOptions {
  /** What an error calls it. */
  readonly what: string;
  /** A registry, and who pulls from it. */
  readonly users: readonly RegistryUser[];
  readonly signal: AbortSignal;
  onText(text: string): void;
}

export interface RegistryUser {
  /** `HOST[:PORT]`. */
  readonly host: string;
  readonly credentials: Credentials;
}

/** A line may be an error's, with a page of output in it. */
const MAX_LINE_BYTES = 2 ** 20;

/** The images of a Docker engine: got, made, named and given away. */
export class EngineImages {
  readonly #connection: EngineConnection;

  constructor(socketPath: string) {
    this.#connection = new EngineConnection(socketPath);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  /** `registry.example/team/app@sha256:…`, each name that a registry knows it by; undefined where it is not there. */
  async digestsOf(name: string): Promise<readonly string[] | undefined> {
    const path = `/images/${encodeURI(name)}/json`;
    const { status, text } = await this.#connection.call("GET", path, { ok: [200, 404] });
    if (status === 404) return undefined;
    const { RepoDigests }: ImageInspectAnswer = JSON.parse(text);
    return RepoDigests ?? [];
  }

  /** `repository` with the host in front. What arrives is what the digest says: the engine checks it. */
  async pull(
    repository: string,
    digest: string,
    credentials: Credentials | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const name = `${repository}@${digest}`;
    const path = `/images/create?${new URLSearchParams({ fromImage: name })}`;
    const headers = authorization(credentials);
    const { body } = await this.#connection.stream("POST", path, { headers, signal });
    for await (const line of linesOf(body)) refuseError(`docker pull ${name}`, line);
  }

  async tag(name: string, as: string): Promise<void> {
    const [, repo = as, tag = "latest"] = /^(.+):([^/:]+)$/.exec(as) ?? [];
    const path = `/images/${encodeURI(name)}/tag?${new URLSearchParams({ repo, tag })}`;
    await this.#connection.call("POST", path, { ok: [201] });
  }

  /**
   * One that has a name stays, and one that something needs: what was built may be what was there before, by the
   * engine's cache.
   */
  async removeNameless(id: string): Promise<void> {
    const path = `/images/${encodeURI(id)}`;
    const { status, text } = await this.#connection.call("GET", `${path}/json`, { ok: [200, 404] });
    const { RepoTags, RepoDigests }: ImageInspectAnswer = status === 404 ? {} : JSON.parse(text);
    if ([...(RepoTags ?? []), ...(RepoDigests ?? [])].length > 0) return;
    await this.#connection.call("DELETE", path, { ok: [200, 404, 409] });
  }

  /** Returns the image's id; it has no name yet. */
  async build(
    context: AsyncIterable<Uint8Array>,
    { what, users, signal, onText }: BuildOptions,
  ): Promise<string> {
    // Intermediate containers go, also when a step fails.
    const query = new URLSearchParams({ rm: "1", forcerm: "1" });
    const headers = { "x-registry-config": encodeHeader(Object.fromEntries(users.map(configOf))) };
    const { body } = await this.#connection.stream("POST", `/build?${query}`, {
      ...{ body: Readable.from(context), headers, signal },
    });
    let id: string | undefined;
    for await (const line of linesOf(body)) {
      refuseError(what, line);
      id = line.aux?.ID ?? id;
      const text = line.stream ?? line.status;
      if (typeof text === "string") onText(text);
    }
    if (typeof id === "string") return id;
    throw new PlimsollError("DOCKER", `${what}: the engine does not say what it has built`);
  }

  /** `name` with its registry's host and a tag. */
  async push(name: string, credentials: Credentials | undefined, signal: AbortSignal): Promise<void> {
    const [, repository = name, tag = "latest"] = /^(.+):([^/:]+)$/.exec(name) ?? [];
    const path = `/images/${encodeURI(repository)}/push?${new URLSearchParams({ tag })}`;
    const headers = authorization(credentials, true);
    const { body } = await this.#connection.stream("POST", path, { headers, signal });
    for await (const line of linesOf(body)) refuseError(`docker push ${name}`, line);
  }
}

/** A push must say who it is, be it nobody. */
function authorization(
  credentials: Credentials | undefined,
  isNeeded = false,
): Readonly<Record<string, string>> {
  return credentials === undefined && !isNeeded ? {} : { "x-registry-auth": encodeHeader(credentials ?? {}) };
}

function configOf({ host, credentials }: RegistryUser): readonly [string, Credentials] {
  return [host, credentials];
}

function encodeHeader(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

async function* linesOf(body: AsyncIterable<Buffer>): AsyncGenerator<BuildInfo> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > MAX_LINE_BYTES) throw new PlimsollError("DOCKER", "docker: a line without an end");
    for (const line of lines) if (line.trim() !== "") yield JSON.parse(line);
  }
  if (rest.trim() !== "") yield JSON.parse(rest);
}

/** The engine answers 200 first, and tells of a failure in what follows. */
function refuseError(what: string, { error }: BuildInfo): void {
  if (error !== undefined && error !== null)
    throw new PlimsollError("DOCKER", `${what}: ${String(error).trim()}`);
}
