import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { gunzipSync } from "node:zlib";
import { errnoOf, PlimsollError } from "../../core/runtime/errors.ts";
import { packageVersion } from "../../core/runtime/version.ts";
import { openHttpTransport } from "../http-transport.ts";
import { type PushSettings, readAuthorization } from "../push-settings.ts";
import type { PageFormat } from "./page-parser.ts";

/** What a target answered. */
export interface FetchedPage {
  readonly text: string;
  readonly format: PageFormat;
}

/** As Prometheus asks. */
const ACCEPT =
  "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

const MAX_REDIRECTS = 10;

export interface PageFetcher {
  /** The page within the settings' time limit. Throws PlimsollError. */
  fetch(): Promise<FetchedPage>;
}

/** One URL, one kept-alive connection. */
export function openPageFetcher(url: URL, settings: PushSettings, maxBytes: number): PageFetcher {
  const transport = openHttpTransport(url, settings);
  const headers = {
    accept: ACCEPT,
    "accept-encoding": "gzip",
    "user-agent": `plimsoll-agent/${packageVersion()}`,
    "x-prometheus-scrape-timeout-seconds": String(settings.timeoutMs / 1000),
  };
  const get = async (path: string, signal: AbortSignal, isSecondTry = false): Promise<IncomingMessage> => {
    const all = { ...settings.headers, ...readAuthorization(url, settings), ...headers };
    const { request } = await transport.opened();
    return new Promise((resolve, reject) => {
      const asked = request({ method: "GET", path, headers: all, signal }, resolve);
      asked.on("error", (error) => {
        // The server closed an idle connection at the very moment it was taken.
        const isStale = asked.reusedSocket && ["ECONNRESET", "EPIPE"].includes(errnoOf(error) ?? "");
        if (isStale && !isSecondTry) resolve(get(path, signal, true));
        else reject(error);
      });
      // Without a word: Node hangs up on who answers 101 to a question that nobody asked.
      asked.on("close", () => reject(new PlimsollError("SCRAPE", "closed without an answer")));
      asked.end();
    });
  };
  return {
    fetch: async () => {
      const signal = AbortSignal.timeout(settings.timeoutMs);
      try {
        let path = url.pathname + url.search;
        for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
          const response = await get(path, signal);
          const next = redirectedPath(response, url, path);
          if (next === undefined) return await readPage(response, maxBytes);
          response.resume();
          path = next;
        }
        throw new PlimsollError("SCRAPE", `more than ${MAX_REDIRECTS} redirects`);
      } catch (cause) {
        if (signal.aborted) throw new PlimsollError("SCRAPE", `no page within ${settings.timeoutMs} ms`);
        throw cause;
      }
    },
  };
}

/** Where the answer leads; only to the same server: its connection and its secrets are not anybody's. */
function redirectedPath(
  { statusCode = 0, headers }: IncomingMessage,
  url: URL,
  path: string,
): string | undefined {
  if (![301, 302, 303, 307, 308].includes(statusCode) || headers.location === undefined) return undefined;
  const target = new URL(headers.location, new URL(path, url));
  if (target.origin === url.origin) return target.pathname + target.search;
  throw new PlimsollError("SCRAPE", `redirected to another server, ${target.origin}`);
}

async function readPage(response: IncomingMessage, maxBytes: number): Promise<FetchedPage> {
  const { statusCode = 0, headers } = response;
  if (statusCode !== 200) {
    response.resume();
    throw new PlimsollError("SCRAPE", `HTTP ${statusCode}`);
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes); // Leaving the loop destroys the response.
    chunks.push(chunk);
  }
  const received = Buffer.concat(chunks);
  const body = headers["content-encoding"] === "gzip" ? unzipped(received, maxBytes) : received;
  if (!isUtf8(body)) throw new PlimsollError("SCRAPE", "the page is not UTF-8");
  const isOpenMetrics = /^application\/openmetrics-text\b/i.test(headers["content-type"] ?? "");
  return { text: body.toString("utf8"), format: isOpenMetrics ? "openmetrics" : "text" };
}

function unzipped(bytes: Buffer, maxBytes: number): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes });
  } catch (cause) {
    if (cause instanceof RangeError) throw tooLarge(maxBytes);
    throw new PlimsollError("SCRAPE", "the page cannot be unzipped", { cause });
  }
}

function tooLarge(maxBytes: number): PlimsollError {
  return new PlimsollError("SCRAPE", `the page is larger than ${maxBytes} bytes`);
}
