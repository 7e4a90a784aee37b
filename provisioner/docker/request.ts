import type { Readable } from "node:stream";
import { type Dispatcher, Pool } from "undici";
import { EngineApi } from "../../core/runtime/engine-api.ts";
import { errnoOf, PlimsollError } from "../../core/runtime/errors.ts";
import { Deadline, type Hurry, hurryBy } from "./deadline.ts";

export interface CallOptions {
  /** A stream is sent as it is, anything else as JSON. */
  readonly body?: Readable | object;
  readonly headers?: Readonly<Record<string, string>>;
  /** Status codes that are not an error, [200] unless told. */
  readonly ok?: readonly number[];
  readonly signal?: AbortSignal | undefined;
  /** It is meant to take so long, even when somebody hurries. */
  readonly longerMs?: number;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly bytes: Buffer;
}

const ABSENT = "start Docker, or set DOCKER_HOST=unix:///path/of/its/socket";
const HINTS: Readonly<Record<string, string>> = {
  ENOENT: ABSENT,
  ECONNREFUSED: ABSENT,
  EACCES: "its socket is root's: run it as root",
  late: "it takes requests and hangs: its log says why",
};

/** Requests to a Docker Engine on its unix socket. Failures are told in the engine's own words. */
export class EngineConnection {
  readonly socketPath: string;
  readonly #pool: Pool;
  readonly #api: EngineApi;
  readonly #hurry: Hurry | undefined;

  constructor(
    socketPath: string,
    pool: Pool = openPool(socketPath),
    api: EngineApi = new EngineApi(),
    hurry?: Hurry,
  ) {
    this.socketPath = socketPath;
    this.#pool = pool;
    this.#api = api;
    this.#hurry = hurry;
  }

  /** The same connection for who may be told to end: from `signal` on no request is waited for much longer. */
  hurriedBy(signal: AbortSignal): EngineConnection {
    return new EngineConnection(this.socketPath, this.#pool, this.#api, hurryBy(signal));
  }

  async call(method: Dispatcher.HttpMethod, path: string, options: CallOptions = {}): Promise<Answer> {
    const { statusCode, body } = await this.stream(method, path, options);
    const bytes = await this.#translate(options, () => body.arrayBuffer());
    return { status: statusCode, text: Buffer.from(bytes).toString(), bytes: Buffer.from(bytes) };
  }

  /** As `call`, for an answer that is read as it comes. */
  async stream(
    method: Dispatcher.HttpMethod,
    path: string,
    options: CallOptions = {},
  ): Promise<Dispatcher.ResponseData> {
    const { ok = [200], longerMs = 0 } = options;
    const failure = (why: string): PlimsollError =>
      new PlimsollError("DOCKER", `docker: ${method} ${path.split("?")[0]}: ${why}`);
    const deadline = this.#hurry && new Deadline(this.#hurry, longerMs, () => failure("given up, no answer"));
    const signal = AbortSignal.any([options.signal, deadline?.signal].filter((each) => each !== undefined));
    try {
      const { body, headers } = encodeBody(options.body);
      const answer = await this.#translate(options, async () =>
        this.#pool.request({
          ...{ method, path: (await this.prefix(signal)) + path, signal, body },
          headers: { ...headers, ...options.headers },
        }),
      );
      answer.body.once("close", () => deadline?.close());
      if (ok.includes(answer.statusCode)) return answer;
      throw failure(messageOf(await answer.body.text()) || `status ${answer.statusCode}`);
    } catch (error) {
      // It may have been replaced by one that does not take this version.
      this.#api.forget();
      deadline?.close();
      throw error;
    }
  }

  /** What this engine's paths begin with. */
  prefix(signal?: AbortSignal): Promise<string> {
    return this.#api.prefix(async () => {
      const { body } = await this.#pool.request({
        method: "GET",
        path: "/version",
        ...(signal && { signal }),
      });
      return body.text();
    });
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }

  async #translate<T>({ signal }: CallOptions, attempt: () => Promise<T>): Promise<T> {
    try {
      return await attempt();
    } catch (cause) {
      const isLate = signal?.aborted === true && signal.reason?.name === "TimeoutError";
      if ((signal?.aborted && !isLate) || cause instanceof PlimsollError) throw cause;
      const hint = HINTS[isLate ? "late" : (errnoOf(cause) ?? "")];
      throw new PlimsollError("DOCKER", `docker: no engine answers at ${this.socketPath}`, {
        ...(isLate ? {} : { cause }),
        ...(hint === undefined ? {} : { hint }),
      });
    }
  }
}

function openPool(socketPath: string): Pool {
  return new Pool("http://docker", { socketPath, headersTimeout: 0, bodyTimeout: 0 });
}

interface EncodedBody {
  readonly body: Readable | string | null;
  readonly headers: Readonly<Record<string, string>>;
}

function encodeBody(body: CallOptions["body"]): EncodedBody {
  if (body === undefined) return { body: null, headers: {} };
  if ("pipe" in body) return { body: body as Readable, headers: { "content-type": "application/x-tar" } };
  return { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
}

function messageOf(text: string): string {
  try {
    return String(JSON.parse(text).message ?? "");
  } catch {
    return text.trim();
  }
}
