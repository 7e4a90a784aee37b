import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { systemClock } from "../../../core/runtime/clock.ts";
import { PlimsollError } from "../../../core/runtime/errors.ts";
import type { Logger } from "../../../core/runtime/log.ts";
import { atMost } from "../../../core/runtime/patience.ts";
import { Registry } from "../client.ts";
import type { RegistryAccess } from "../connection.ts";
import { digestOf } from "../digest-check.ts";
import { createHttpServer, type Listening, listen, type Tls } from "../listen.ts";
import { MAX_MANIFEST_BYTES, type Manifest } from "../manifest.ts";
import type { Address } from "../server/address.ts";
import { clientName } from "./client-name.ts";
import { Backend, reply } from "./forward.ts";
import { untilOver } from "./leaving.ts";
import { type GateLimits, LIMITS } from "./limits.ts";
import { type NamedManifest, parsePassage } from "./passage.ts";
import { Patience, receive } from "./patience.ts";
import { BUSY, crowded, failureOf, type Refusal, refusalOf, refuse } from "./refusal.ts";
import { Turns } from "./turns.ts";
import type { Verdicts } from "./verdicts.ts";

/** Who is turned away comes again at once: not each time is told. */
const TELL_MS = 60_000;

export interface GateOptions {
  /** What errors call the registry. */
  readonly name: string;
  /** Where it listens: nobody else comes to it. */
  readonly socketPath: string;
  readonly verdicts: Verdicts;
  readonly tls: Tls | undefined;
  /** Who has signed the certificate of the store that blobs may lead to; the system's unless told. */
  readonly caFile?: string | undefined;
  readonly log: Logger;
  /** How long requests that are under way may still take when the gate closes. */
  readonly drainMs: number;
  readonly limits?: GateLimits;
}

/**
 * Stands before a registry and lets everything pass but manifests of images that a policy refuses. Their layers
 * are there by then; without a manifest they are nobody's, and go with the next garbage collection.
 */
export async function openGate(address: Address, options: GateOptions): Promise<Listening> {
  const { tls, socketPath, limits = LIMITS } = options;
  const parts: Parts = {
    ...{ ...options, limits, backend: new Backend(socketPath, limits.registryMs) },
    manifests: new Turns(limits.manifests),
  };
  const requests = new Turns(limits.requests);
  const tellCrowd = atMostOnce(TELL_MS, (client) =>
    options.log.warn({ client }, "too many requests at once: some are turned away"),
  );
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const client = clientName(request.socket.remoteAddress);
    const release = requests.tryTake(client);
    if (typeof release === "string") {
      tellCrowd(client);
      return refuse(response, crowded(release));
    }
    const over = untilOver(response);
    over.addEventListener("abort", release);
    try {
      await new Visit(request, response, { ...parts, client, over }).run();
    } catch (error) {
      options.log.warn({ err: error, client, method: request.method, url: request.url }, "not handed on");
      refuse(response, failureOf(error));
    }
  };
  const server = createHttpServer(
    tls,
    {
      ...{ headersTimeout: limits.headersMs, keepAliveTimeout: limits.headersMs, requestTimeout: 0 },
      connectionsCheckingInterval: limits.headersMs / 4,
    },
    handle,
  );
  const connections = new Turns(limits.connections);
  server.on("connection", (socket: Socket) => {
    const release = connections.tryTake(clientName(socket.remoteAddress));
    // There is no request yet that could be answered.
    if (typeof release === "string") socket.destroy();
    else socket.once("close", release);
  });
  const listening = await listen("registry", server, address);
  const close = async (): Promise<void> => {
    await listening.drain(options.drainMs);
    parts.backend.close();
  };
  return { ...listening, close };
}

function atMostOnce(everyMs: number, tell: (client: string) => void): (client: string) => void {
  let nextMs = 0;
  return (client) => {
    if (systemClock.monotonicMs() < nextMs) return;
    nextMs = systemClock.monotonicMs() + everyMs;
    tell(client);
  };
}

interface Parts extends GateOptions {
  readonly limits: GateLimits;
  readonly backend: Backend;
  readonly manifests: Turns;
}

/** Whose request it is, and until when. */
interface VisitParts extends Parts {
  readonly client: string;
  readonly over: AbortSignal;
}

/** One request and its answer. */
class Visit {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #parts: VisitParts;

  constructor(request: IncomingMessage, response: ServerResponse, parts: VisitParts) {
    this.#request = request;
    this.#response = response;
    this.#parts = parts;
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
    const answer = await this.#ask(new Patience(this.#parts.limits.upload));
    const refusal =
      passage.kind === "pull" && answer.statusCode === 200 ? await this.#judgeBlob(passage) : undefined;
    if (refusal === undefined) return this.#reply(answer);
    answer.destroy();
    this.#refuse(refusal);
  }

  async #push(named: NamedManifest): Promise<void> {
    // Whoever may not push, or nobody while it is read-only, is told so by the registry itself: an empty manifest
    // is invalid to it, but that is what it finds out last. Nothing is kept in memory for him either.
    const empty = await this.#ask(Buffer.alloc(0));
    if (empty.statusCode !== 400) return this.#reply(empty);
    empty.resume();
    const release = await this.#takeTurn();
    if (release === undefined) return this.#refuse(BUSY);
    try {
      await this.#readAndJudge(named);
    } finally {
      release();
    }
  }

  /** To have a manifest in memory. */
  #takeTurn(): Promise<(() => void) | undefined> {
    return this.#parts.manifests.take(this.#parts.client, this.#whileWaiting());
  }

  async #readAndJudge(named: NamedManifest): Promise<void> {
    const bytes = await readBody(this.#request, new Patience(this.#parts.limits.manifest));
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
    await this.#reply(await this.#ask(bytes));
  }

  /** Distribution takes a blob for a manifest as well where it is asked for by digest; none came past us as one. */
  async #judgeBlob(named: NamedManifest): Promise<Refusal | undefined> {
    const { repository, reference } = named;
    const registry = new Registry(this.#access());
    let release: (() => void) | undefined;
    try {
      if (!(await registry.blobs.has(repository, reference))) return undefined;
      release = await this.#takeTurn();
      if (release === undefined) return BUSY;
      const manifest = await registry.manifest(repository, reference);
      return manifest && (await this.#judge(named, manifest));
    } catch (error) {
      if (!(error instanceof PlimsollError)) throw error;
      return refusalOf(error);
    } finally {
      release?.();
      await registry.close();
    }
  }

  async #judge({ repository, reference }: NamedManifest, manifest: Manifest): Promise<Refusal | undefined> {
    const { verdicts, log, client } = this.#parts;
    const image = `${repository}@${manifest.digest}`;
    const turn = { client, signal: this.#whileWaiting() };
    try {
      const reasons = await verdicts.judge(this.#access(), repository, manifest, turn);
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

  /** Until the client leaves, or has waited for long enough. */
  #whileWaiting(): AbortSignal {
    return atMost(this.#parts.limits.waitMs, this.#parts.over);
  }

  /** With the rights of whoever asks. */
  #access(): RegistryAccess {
    const { name, socketPath, caFile } = this.#parts;
    const { authorization } = this.#request.headers;
    return { url: `http://${name}`, socketPath, authorization, caFile };
  }

  #ask(body: Buffer | Patience): Promise<IncomingMessage> {
    const { backend, tls, over } = this.#parts;
    return backend.ask(this.#request, tls !== undefined, body, over);
  }

  #reply(answer: IncomingMessage): Promise<void> {
    return reply(answer, this.#response, new Patience(this.#parts.limits.download));
  }

  #refuse(refusal: Refusal): void {
    refuse(this.#response, refusal);
  }
}

async function readBody(request: IncomingMessage, patience: Patience): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of receive(request, patience)) {
    bytes += chunk.length;
    if (bytes > MAX_MANIFEST_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
