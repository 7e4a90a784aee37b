import { Pool } from "undici";
import { errnoOf, PlimsollError } from "../../core/runtime/errors.ts";
import { decodeRefusal } from "./refusal.ts";
import type { Method } from "./route.ts";

/** Nobody answers, or not any more: as opposed to an answer that says no. */
export const UNREACHABLE = "DAEMON";

/** The API of a daemon on its unix socket. What it refuses is thrown as if it had been refused here. */
export class ApiClient {
  readonly #socketPath: string;
  /** A stream and a call beside it need a connection each. */
  readonly #client: Pool;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
    this.#client = new Pool("http://localhost", { socketPath, headersTimeout: 0, bodyTimeout: 0 });
  }

  /** Whether the daemon is there at all. */
  async find<T>(path: string): Promise<T | undefined> {
    try {
      return await this.call<T>("GET", path);
    } catch (error) {
      if (errnoOf(error) !== UNREACHABLE) throw error;
      return undefined;
    }
  }

  async call<T>(method: Method, path: string, body?: object, key?: string): Promise<T> {
    const { statusCode, body: answer } = await this.#request(method, path, body, key);
    const text = await this.#reached(() => answer.text());
    if (statusCode < 400) return JSON.parse(text);
    throw decodeRefusal(JSON.parse(text));
  }

  /** What comes, line by line. Throws `DAEMON` when it breaks off. */
  async *stream<T>(path: string): AsyncGenerator<T> {
    const { statusCode, body } = await this.#request("GET", path);
    if (statusCode >= 400) throw decodeRefusal(JSON.parse(await body.text()));
    try {
      for await (const line of linesOf(body)) yield JSON.parse(line);
    } catch (cause) {
      throw this.#unreachable(cause);
    }
  }

  close(): Promise<void> {
    return this.#client.destroy();
  }

  #request(method: Method, path: string, body?: object, key?: string): ReturnType<Pool["request"]> {
    const headers = {
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(key === undefined ? {} : { "idempotency-key": key }),
    };
    const content = body === undefined ? {} : { body: JSON.stringify(body) };
    return this.#reached(() => this.#client.request({ method, path, headers, ...content }));
  }

  async #reached<T>(attempt: () => Promise<T>): Promise<T> {
    try {
      return await attempt();
    } catch (cause) {
      throw this.#unreachable(cause);
    }
  }

  #unreachable(cause: unknown): PlimsollError {
    return new PlimsollError(UNREACHABLE, `plimsoll serve: does not answer at ${this.#socketPath}`, {
      cause,
    });
  }
}

async function* linesOf(body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of body) {
    const lines = (rest + chunk.toString()).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}
