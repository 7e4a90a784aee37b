import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import type { Cleanup } from "./cleanup.ts";

export interface Posted {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Uncompressed where the request says gzip. */
  readonly body: Buffer;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface HttpReceiver {
  readonly port: number;
  /** Each POST, in order, whatever was answered. */
  readonly posts: readonly Posted[];
}

/** A server on loopback that answers each POST as `answer` says, and tells the time to others. */
export async function startHttpReceiver(
  cleanup: Cleanup,
  answer: (posted: Posted) => Reply,
  port = 0,
): Promise<HttpReceiver> {
  const posts: Posted[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (request.method !== "POST") return void response.writeHead(405).end();
      const raw = Buffer.concat(chunks);
      const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(raw) : raw;
      const posted = { path: request.url ?? "", headers: request.headers, body };
      posts.push(posted);
      const { status, headers = {}, body: said = "" } = answer(posted);
      response.writeHead(status, headers).end(said);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  cleanup.add("receiver", () => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, posts };
}
