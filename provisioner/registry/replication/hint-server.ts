import { timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import { type Listening, listen } from "../listen.ts";
import { type Hints, parseNotification } from "./hints.ts";

/** With the list of an image's layers in it, a notification has some kilobytes. */
const MAX_BODY_BYTES = 4 * 2 ** 20;

/** Takes a registry's notifications. Any answer but 200 makes it try again; so does a kill before the answer. */
export async function openHintServer(
  hints: Hints,
  address: { readonly host: string; readonly port: number },
  token: string | undefined,
): Promise<Listening> {
  const server = createServer(async (request, response) => {
    response.statusCode = await answer(hints, token, request).catch(() => 503);
    response.end();
  });
  return listen("notifications", server, address);
}

async function answer(hints: Hints, token: string | undefined, request: IncomingMessage): Promise<number> {
  if (request.method !== "POST") return 405;
  if (token !== undefined && !isSame(request.headers.authorization ?? "", `Bearer ${token}`)) return 401;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return 413;
    chunks.push(chunk);
  }
  const repositories = parseNotification(Buffer.concat(chunks).toString());
  if (repositories === undefined) return 400;
  await hints.add(repositories);
  return 200;
}

/** In the same time wherever they differ. */
function isSame(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
