import {
  Agent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

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
  readonly #agent = new Agent({ keepAlive: true });

  constructor(socketPath: string) {
    this.socketPath = socketPath;
  }

  /** The registry's answer to a client's request, with another body where one is given. */
  ask(incoming: IncomingMessage, isSecure: boolean, body?: Buffer): Promise<IncomingMessage> {
    const { method = "GET", url: path } = incoming;
    const { "content-length": announced, ...own } = endToEnd(incoming.headers);
    const hasBody = WITH_BODY.includes(method);
    const length = body === undefined && hasBody ? announced : body?.length;
    const headers = {
      ...own,
      ...(length === undefined ? {} : { "content-length": `${length}` }),
      "x-forwarded-for": incoming.socket.remoteAddress ?? "",
      "x-forwarded-proto": isSecure ? "https" : "http",
    };
    return new Promise((resolve, reject) => {
      const options = { socketPath: this.socketPath, agent: this.#agent, method, path, headers };
      const outgoing = request(options, resolve);
      outgoing.once("error", reject);
      // Either side may break off: the other hears of it, and the registry takes no half of a body for a whole one.
      const source =
        body === undefined && hasBody ? incoming : Readable.from(body === undefined ? [] : [body]);
      pipeline(source, outgoing).catch(reject);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Hands on an answer as it comes. */
export async function reply(answer: IncomingMessage, response: ServerResponse): Promise<void> {
  response.writeHead(answer.statusCode ?? 502, endToEnd(answer.headers));
  await pipeline(answer, response);
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
