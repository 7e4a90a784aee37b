import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { Agent, type Dispatcher, request } from "undici";
import { backoffMs } from "../../core/runtime/backoff.ts";
import { type Clock, systemClock } from "../../core/runtime/clock.ts";
import { errorLine } from "../../core/runtime/errors.ts";
import { Authorization, type Credentials } from "./authorization.ts";
import { describeErrors, RegistryError } from "./registry-error.ts";

/** A registry as it is reached. */
export interface RegistryAccess {
  /** `https://HOST[:PORT]`. */
  readonly url: string;
  readonly credentials?: Credentials | undefined;
  /** The header itself, where somebody else has brought it; then no challenge is answered. */
  readonly authorization?: string | undefined;
  /** A unix socket that it listens on, instead of the URL's address. */
  readonly socketPath?: string | undefined;
  /** A file with the certificates it is trusted by; the system's unless told. */
  readonly caFile?: string | undefined;
  /** How long it may say nothing. */
  readonly patienceMs?: number;
}

export interface Call {
  readonly method: Dispatcher.HttpMethod;
  /** Below the registry's `/v2/`, or a whole URL that the registry has given. */
  readonly target: string | URL;
  /** What it is about, for messages. */
  readonly what: string;
  /** `repository:team/app:pull`. */
  readonly scope: string;
  readonly ok: readonly number[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Called again for another attempt. */
  readonly body?: () => Uint8Array | AsyncIterable<Uint8Array>;
}

export type Answer = Dispatcher.ResponseData;

const CONNECT_MS = 5000;
const PATIENCE_MS = 30_000;
const MAX_ATTEMPTS = 4;
const MAX_REDIRECTS = 4;
const PAUSES = { firstMs: 200, longestMs: 5000 };
/** Asked for again without harm, whatever became of the first time. */
const REPEATABLE: readonly string[] = ["GET", "HEAD", "DELETE"];
const MAX_ERROR_BYTES = 64 * 1024;

/** Requests to one registry: authorized, within a deadline, and again where that may help. */
export class RegistryConnection {
  readonly url: URL;
  /** The registry's own; what it redirects to has another where that one leads through a socket. */
  readonly #agent: Agent;
  readonly #outside: Agent;
  readonly #given: string | undefined;
  readonly #authorization: Authorization;
  readonly #clock: Clock;

  constructor(access: RegistryAccess, clock: Clock = systemClock) {
    this.url = new URL(access.url);
    this.#clock = clock;
    const patienceMs = access.patienceMs ?? PATIENCE_MS;
    const ca = access.caFile === undefined ? {} : { ca: readFileSync(access.caFile) };
    const limits = { headersTimeout: patienceMs, bodyTimeout: patienceMs };
    const connect = { timeout: Math.min(CONNECT_MS, patienceMs), ...ca };
    const { socketPath } = access;
    this.#outside = new Agent({ connect, ...limits });
    this.#agent =
      socketPath === undefined
        ? this.#outside
        : new Agent({ connect: { ...connect, socketPath }, ...limits });
    this.#given = access.authorization;
    this.#authorization = new Authorization(this.url, access.credentials, this.#fetchToken, clock);
  }

  /** Throws RegistryError for a status that is not among `ok`. The caller reads the body, or dumps it. */
  async call(call: Call): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#authorized(call);
      } catch (error) {
        const mayRepeat = REPEATABLE.includes(call.method) && attempt < MAX_ATTEMPTS;
        if (!mayRepeat || !(error instanceof RegistryError) || !error.isPassing) throw error;
        await this.#clock.sleep(backoffMs(PAUSES, attempt, undefined, Math.random()));
      }
    }
  }

  /** As `call`, for an answer that is small and kept. */
  async read(call: Call, maxBytes: number): Promise<{ readonly answer: Answer; readonly bytes: Buffer }> {
    const answer = await this.call(call);
    return { answer, bytes: await readBounded(this.#name(call), answer.body, maxBytes) };
  }

  /** A URL that the registry gave; relative ones are its own. */
  resolve(location: string, what: string): URL {
    if (URL.canParse(location, this.url.href)) {
      const url = new URL(location, this.url);
      if (/^https?:$/.test(url.protocol)) return url;
    }
    throw new RegistryError(`registry ${this.url.host}: ${what}: leads to ${JSON.stringify(location)}`);
  }

  async close(): Promise<void> {
    await Promise.all([...new Set([this.#agent, this.#outside])].map((agent) => agent.destroy()));
  }

  /** One challenge is answered; a registry that then asks again is not satisfied by what we have. */
  async #authorized(call: Call): Promise<Answer> {
    const known = this.#given ?? (await this.#authorization.known(call.scope));
    const first = await this.#send(call, known);
    if (first.statusCode !== 401 || this.#given !== undefined) return this.#accept(call, first);
    const challenge = first.headers["www-authenticate"];
    await first.body.dump();
    const answer = await this.#authorization.answer(call.scope, known, [challenge].flat()[0]);
    return this.#accept(call, await this.#send(call, answer));
  }

  async #accept(call: Call, answer: Answer): Promise<Answer> {
    const { statusCode, body } = answer;
    if (call.ok.includes(statusCode)) return answer;
    const text = await readBounded("", body, MAX_ERROR_BYTES).then(String, () => "");
    const said = describeErrors(text);
    // Of its own failures it says little: "UNKNOWN: unknown error" is also a disk that is full.
    const why = said === "" || statusCode >= 500 ? [`status ${statusCode}`, said] : [said];
    throw new RegistryError(`${this.#name(call)}: ${why.filter(Boolean).join(": ")}`, {
      status: statusCode,
      isPassing: statusCode >= 500 || statusCode === 429,
      ...(statusCode === 401 ? { hint: "the registry does not take this user and password" } : {}),
    });
  }

  /** Redirects lead to the store behind the registry: the authorization is not for it. */
  async #send(call: Call, authorization: string | undefined): Promise<Answer> {
    let url = typeof call.target === "string" ? new URL(`v2/${call.target}`, this.url) : call.target;
    for (let redirects = 0; ; redirects++) {
      const answer = await this.#request(
        call,
        url,
        url.origin === this.url.origin ? authorization : undefined,
      );
      const { location } = answer.headers;
      const leadsOn = [301, 302, 303, 307, 308].includes(answer.statusCode) && typeof location === "string";
      if (!leadsOn || !["GET", "HEAD"].includes(call.method)) return answer;
      if (redirects === MAX_REDIRECTS) throw new RegistryError(`${this.#name(call)}: too many redirects`);
      await answer.body.dump();
      url = this.resolve(new URL(location, url).href, call.what);
    }
  }

  async #request(call: Call, url: URL, authorization: string | undefined): Promise<Answer> {
    const body = call.body?.();
    try {
      return await request(url, {
        dispatcher: url.origin === this.url.origin ? this.#agent : this.#outside,
        method: call.method,
        headers: { ...call.headers, ...(authorization === undefined ? {} : { authorization }) },
        body: body === undefined ? null : body instanceof Uint8Array ? body : Readable.from(body),
      });
    } catch (cause) {
      if (cause instanceof RegistryError) throw cause; // what the body's own source says
      throw new RegistryError(`${this.#name(call)}: no answer: ${errorLine(cause)}`, {
        cause,
        isPassing: true,
      });
    }
  }

  #name({ method, what }: Call): string {
    return `registry ${this.url.host}: ${method} ${what}`;
  }

  #fetchToken = async (url: URL, headers: Readonly<Record<string, string>>): Promise<unknown> => {
    const call: Call = { method: "GET", target: url, what: "token", scope: "", ok: [200] };
    const answer = await this.#accept(call, await this.#request({ ...call, headers }, url, undefined));
    const bytes = await readBounded(this.#name(call), answer.body, MAX_ERROR_BYTES);
    try {
      return JSON.parse(bytes.toString()) ?? {};
    } catch (cause) {
      throw new RegistryError(`${this.#name(call)}: not valid JSON`, { cause });
    }
  };
}

async function readBounded(what: string, body: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      size += chunk.length;
      if (size > maxBytes) throw new RegistryError(`${what}: answers with more than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof RegistryError) throw cause;
    throw new RegistryError(`${what}: the answer broke off: ${errorLine(cause)}`, { cause, isPassing: true });
  }
  return Buffer.concat(chunks);
}
