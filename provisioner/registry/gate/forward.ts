import {
  Agent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { PlimsollError } from "../../../core/runtime/errors.ts";
import { Patience, receive, send } from "./patience.ts";

/** Of one connection, and not of what is sent over it (RFC 9110, 7.6.1). */
const HOP_BY_HOP = new Set([
  ...["connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection"],
  ...["te", "trailer", "transfer-encoding", "upgrade", "expect"],
]);
/** What is judged by these is what the registry gets, whatever `Connection` calls them. */
const OF_THE_CONTENT = /^content-/;
/** Of the others nobody has a body; Node would send it without its length, as if it were the next request. */
const WITH_BODY = ["POST", "PUT", "PATCH"];

/** A registry behind a unix socket. */
export class Backend {
  readonly socketPath: string;
  readonly #silenceMs: number;
  readonly #agent = new Agent({ keepAlive: true });

  /** `silenceMs` is how long it may neither take nor say anything. */
  constructor(socketPath: string, silenceMs: number) {
    this.socketPath = socketPath;
    this.#silenceMs = silenceMs;
  }

  /**
   * The registry's answer to a client's request: with another body, or with the client's, as long as there is patience. What is
   * `over` is nobody's any more: the registry need not go on with it.
   */
  ask(
    incoming: IncomingMessage,
    isSecure: boolean,
    body: Buffer | Patience,
    over: AbortSignal,
  ): Promise<IncomingMessage> {
    const { method = "GET", url: path } = incoming;
    const { "content-length": announced, ...own } = endToEnd(incoming.headers);
    const given = body instanceof Patience ? undefined : body;
    const sent = body instanceof Patience && WITH_BODY.includes(method) ? receive(incoming, body) : undefined;
    const length = given?.length ?? (sent && announced);
    const headers = {
      ...own,
      ...(length === undefined ? {} : { "content-length": `${length}` }),
      "x-forwarded-for": incoming.socket.remoteAddress ?? "",
      "x-forwarded-proto": isSecure ? "https" : "http",
    };
    return new Promise((resolve, reject) => {
      const options = { socketPath: this.socketPath, agent: this.#agent, method, path, headers };
      const outgoing = request({ ...options, signal: over, timeout: this.#silenceMs }, resolve);
      outgoing.once("error", reject);
      outgoing.once("timeout", () => outgoing.destroy(new PlimsollError("GATE", "the registry is silent")));
      // Either side may break off: the other hears of it, and the registry takes no half of a body for a whole one.
      pipeline(sent ?? Readable.from(given === undefined ? [] : [given]), outgoing).catch(reject);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Hands on an answer as it comes. */
export async function reply(
  answer: IncomingMessage,
  response: ServerResponse,
  patience: Patience,
): Promise<void> {
  const { readableDidRead, complete } = response.req;
  // An answer before the end of what it answers: nobody reads the rest, and so no other request behind it.
  const last = readableDidRead && !complete ? { connection: "close" } : {};
  response.writeHead(answer.statusCode ?? 502, { ...endToEnd(answer.headers), ...last });
  await send(answer, response, patience);
}

function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const named = new Set(
    (headers.connection ?? "")
      .toLowerCase()
      .split(",")
      .map((name) => name.trim()),
  );
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => !HOP_BY_HOP.has(name) && (!named.has(name) || OF_THE_CONTENT.test(name)),
    ),
  );
}
