import type { IncomingMessage, ServerResponse } from "node:http";
import { errorLine, PlimsollError } from "../../../core/runtime/errors.ts";
import type { Logger } from "../../../core/runtime/log.ts";
import { Registry } from "../client.ts";
import type { RegistryAccess } from "../connection.ts";
import { digestOf } from "../digest-check.ts";
import { createHttpServer, type Listening, listen, type Tls } from "../listen.ts";
import { MAX_MANIFEST_BYTES, type Manifest } from "../manifest.ts";
import { RegistryError } from "../registry-error.ts";
import type { Address } from "../server/address.ts";
import { Backend, reply } from "./forward.ts";
import { type NamedManifest, parsePassage } from "./passage.ts";
import type { Verdicts } from "./verdicts.ts";

/** A client that does not get on with its headers; a body may take as long as it takes. */
const HEADERS_MS = 60_000;

export interface GateOptions {
  /** What errors call the registry. */
  readonly name: string;
  /** Where it listens: nobody else comes to it. */
  readonly socketPath: string;
  readonly verdicts: Verdicts;
  readonly tls: Tls | undefined;
  readonly log: Logger;
  /** How long requests that are under way may still take when the gate closes. */
  readonly drainMs: number;
}

/** An answer of the gate's own, in the form of the distribution specification ("Error Codes"). */
interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly detail?: readonly string[];
}

/**
 * Stands before a registry and lets everything pass but manifests of images that a policy refuses. Their layers
 * are there by then; without a manifest they are nobody's, and go with the next garbage collection.
 */
export async function openGate(address: Address, options: GateOptions): Promise<Listening> {
  const backend = new Backend(options.socketPath);
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      await new Visit(request, response, backend, options).run();
    } catch (error) {
      options.log.warn({ err: error, method: request.method, url: request.url }, "request not handed on");
      refuse(response, {
        status: 503,
        code: "UNAVAILABLE",
        message: "the registry does not answer; try again",
      });
    }
  };
  const limits = { headersTimeout: HEADERS_MS, requestTimeout: 0, keepAliveTimeout: HEADERS_MS };
  const server = createHttpServer(options.tls, limits, handle);
  const listening = await listen("registry", server, address);
  const close = async (): Promise<void> => {
    await listening.drain(options.drainMs);
    backend.close();
  };
  return { ...listening, close };
}

/** One request and its answer. */
class Visit {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #backend: Backend;
  readonly #options: GateOptions;

  constructor(request: IncomingMessage, response: ServerResponse, backend: Backend, options: GateOptions) {
    this.#request = request;
    this.#response = response;
    this.#backend = backend;
    this.#options = options;
  }

  async run(): Promise<void> {
    const passage = parsePassage(this.#request.method ?? "", this.#request.url ?? "");
    if (passage === undefined)
      return this.#refuse({
        status: 400,
        code: "NAME_INVALID",
        message: "not a path of the distribution specification",
      });
    if (passage.kind === "manifest") return this.#push(passage);
    const answer = await this.#ask();
    const refusal =
      passage.kind === "pull" && answer.statusCode === 200 ? await this.#judgeBlob(passage) : undefined;
    if (refusal === undefined) return reply(answer, this.#response);
    answer.destroy();
    this.#refuse(refusal);
  }

  async #push(named: NamedManifest): Promise<void> {
    // Whoever may not push, or nobody while it is read-only, is told so by the registry itself: an empty manifest
    // is invalid to it, but that is what it finds out last. Nothing is kept in memory for him either.
    const empty = await this.#ask(Buffer.alloc(0));
    if (empty.statusCode !== 400) return reply(empty, this.#response);
    empty.resume();
    const bytes = await readBody(this.#request);
    if (bytes === undefined)
      return this.#refuse({
        status: 413,
        code: "MANIFEST_INVALID",
        message: `more than ${MAX_MANIFEST_BYTES} bytes`,
      });
    const { reference } = named;
    const { "content-type": type = "" } = this.#request.headers;
    const algorithm = reference.startsWith("sha512:") ? "sha512" : "sha256";
    const mediaType = type.split(";")[0]?.trim() ?? "";
    const refusal = await this.#judge(named, { mediaType, digest: digestOf(bytes, algorithm), bytes });
    if (refusal !== undefined) return this.#refuse(refusal);
    await reply(await this.#ask(bytes), this.#response);
  }

  /** Distribution takes a blob for a manifest as well where it is asked for by digest; none came past us as one. */
  async #judgeBlob(named: NamedManifest): Promise<Refusal | undefined> {
    const { repository, reference } = named;
    const registry = new Registry(this.#access());
    try {
      if (!(await registry.blobs.has(repository, reference))) return undefined;
      const manifest = await registry.manifest(repository, reference);
      return manifest && (await this.#judge(named, manifest));
    } catch (error) {
      if (!(error instanceof PlimsollError)) throw error;
      return refusalOf(error);
    } finally {
      await registry.close();
    }
  }

  async #judge({ repository, reference }: NamedManifest, manifest: Manifest): Promise<Refusal | undefined> {
    const { verdicts, log } = this.#options;
    const image = `${repository}@${manifest.digest}`;
    try {
      const reasons = await verdicts.judge(this.#access(), repository, manifest);
      if (reasons.length === 0) return undefined;
      log.warn({ image, reference, reasons }, "refused by the policy");
      const message = `the policy refuses ${repository}:${reference}: ${reasons.join("; ")}`;
      return { status: 403, code: "DENIED", message, detail: reasons };
    } catch (error) {
      if (!(error instanceof PlimsollError)) throw error;
      log.warn({ image, reference, err: error }, "refused: not looked into");
      return refusalOf(error);
    }
  }

  /** With the rights of whoever asks. */
  #access(): RegistryAccess {
    const { name, socketPath } = this.#options;
    const { authorization } = this.#request.headers;
    return { url: `http://${name}`, socketPath, authorization };
  }

  /** The registry's answer to what was asked, with another body where one is given. */
  #ask(body?: Buffer): Promise<IncomingMessage> {
    return this.#backend.ask(this.#request, this.#options.tls !== undefined, body);
  }

  #refuse(refusal: Refusal): void {
    refuse(this.#response, refusal);
  }
}

/** What could not be looked into does not pass: who brought it may try again where that may help. */
function refusalOf(error: PlimsollError): Refusal {
  const message = `cannot be looked into: ${errorLine(error)}`;
  if (!(error instanceof RegistryError))
    return {
      status: error.code === "IMAGE" ? 403 : 503,
      code: error.code === "IMAGE" ? "DENIED" : "UNAVAILABLE",
      message,
    };
  if (error.status === 404) return { status: 400, code: "MANIFEST_BLOB_UNKNOWN", message };
  return error.isPassing
    ? { status: 503, code: "UNAVAILABLE", message }
    : { status: 400, code: "MANIFEST_INVALID", message };
}

function refuse(response: ServerResponse, { status, code, message, detail }: Refusal): void {
  if (response.headersSent) return void response.destroy();
  // What is left of the request is not read.
  const headers = { "content-type": "application/json", connection: "close" };
  response.writeHead(status, { ...headers, ...(status === 503 ? { "retry-after": "1" } : {}) });
  response.end(JSON.stringify({ errors: [{ code, message, ...(detail && { detail }) }] }));
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_MANIFEST_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
