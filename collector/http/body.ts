import type { IncomingMessage } from "node:http";
import { Refusal } from "./route.ts";

/** How many bytes of request bodies are in memory together, over all connections. */
export class BodyBudget {
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Throws Refusal 503 where there is no room. */
  take(bytes: number): void {
    if (this.#bytes + bytes > this.#maxBytes) {
      throw new Refusal(503, "too much is being received at once", { "retry-after": "1" });
    }
    this.#bytes += bytes;
  }

  give(bytes: number): void {
    this.#bytes -= bytes;
  }
}

/**
 * The whole body, on the budget only while it comes in; `askForIt` is called when it is wanted. Throws
 * Refusal 413 as soon as it is larger than `maxBytes`, 503 where the budget is spent.
 */
export async function readBody(
  request: IncomingMessage,
  maxBytes: number,
  budget: BodyBudget,
  askForIt: () => void = () => {},
): Promise<Buffer> {
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  askForIt();
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of received(request)) {
      budget.take(chunk.length);
      bytes += chunk.length;
      if (bytes > maxBytes) throw tooLarge(maxBytes);
      chunks.push(chunk);
    }
  } finally {
    budget.give(bytes);
    // What is left of a body that is not wanted must flow past, or the connection hangs on it.
    request.resume();
  }
  return Buffer.concat(chunks);
}

/** Unlike iterating the request itself, stopping early leaves the connection open for the answer. */
async function* received(request: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    yield* request.iterator({ destroyOnReturn: false });
  } catch (cause) {
    throw new Refusal(400, `the body broke off: ${cause instanceof Error ? cause.message : cause}`);
  }
}

function tooLarge(maxBytes: number): Refusal {
  return new Refusal(413, `the body is larger than ${maxBytes} bytes`);
}
