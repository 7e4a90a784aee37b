import { DecodeError } from "../../core/metrics/decode-error.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import type { ClientRates } from "../client-rates.ts";
import { type Method, Refusal, type Reply, type Route, type RouteRequest, textReply } from "../http/route.ts";
import type { Ingest, IngestRequest } from "../ingests/types.ts";
import type { Intake } from "../intake.ts";
import type { LatestStore } from "../latest.ts";
import { type Sender, type Trust, tokenOf } from "../trust/trust.ts";

export interface BodyLimits {
  /** As it comes over the wire, and after decompression. */
  readonly maxBytes: number;
  readonly maxDecompressedBytes: number;
}

export const DEFAULT_BODY_LIMITS: BodyLimits = {
  maxBytes: 8 * 1024 * 1024,
  maxDecompressedBytes: 32 * 1024 * 1024,
};

/** A refused request costs its client as much as so many bytes of samples: it had to be read. */
const BYTES_PER_SAMPLE = 50;

/** Requests by protocol and answer, for the counters. */
export type RequestCounts = Map<string, { readonly ingest: string; readonly status: number; count: number }>;

export interface IngestParts {
  readonly intake: Intake;
  readonly latest: LatestStore;
  readonly trust: Trust;
  readonly rates: ClientRates;
  readonly requests: RequestCounts;
  readonly clock: Clock;
  readonly limits?: BodyLimits;
}

/** A route for each method and path; the same refusals, limits and counters for all protocols. */
export function ingestRoutes(ingests: readonly Ingest[], parts: IngestParts): readonly Route[] {
  const places = new Map<
    string,
    { readonly method: Method; readonly path: string; readonly here: Ingest[] }
  >();
  for (const ingest of ingests) {
    for (const path of ingest.paths) {
      for (const method of ingest.methods) {
        const place = places.get(`${method} ${path}`) ?? { method, path, here: [] };
        place.here.push(ingest);
        places.set(`${method} ${path}`, place);
      }
    }
  }
  return [...places.values()].map(({ method, path, here }) => ({
    method,
    path,
    summary: `push samples: ${here.map(({ name }) => name).join(", ")}`,
    handle: (request) => handle(here, { method, path }, request, parts),
  }));
}

async function handle(
  here: readonly Ingest[],
  { method, path }: Pick<IngestRequest, "method" | "path">,
  { headers, params, query, peer, certificate, readBody }: RouteRequest,
  parts: IngestParts,
): Promise<Reply> {
  const contentType = (headers["content-type"] ?? "").toLowerCase().replaceAll(/\s/g, "");
  const ingest = here.find((one) => one.reads(contentType));
  const sender: Sender = { address: peer, token: tokenOf(headers.authorization), certificate };
  const known: IngestRequest["known"] = (ip) => knownSeries(parts.latest, ip);
  const request = { method, path, contentType, params, query, nowMs: parts.clock.nowMs(), known };
  try {
    if (ingest === undefined) throw unsupportedType(contentType, here);
    const decompress = decompressOf(ingest, headers["content-encoding"]);
    if (decompress === undefined) throw unsupportedEncoding(headers["content-encoding"], ingest);
    const reply = await take(ingest, request, sender, { readBody, decompress }, parts);
    count(parts.requests, ingest.name, reply.status);
    return reply;
  } catch (error) {
    const refusal = asRefusal(error);
    const [first] = here;
    count(parts.requests, (ingest ?? first)?.name ?? "", refusal?.status ?? 500);
    if (refusal === undefined) throw error;
    return (
      (ingest ?? first)?.refused?.(refusal, request) ??
      textReply(refusal.status, refusal.message, refusal.headers)
    );
  }
}

interface Body extends Pick<RouteRequest, "readBody"> {
  readonly decompress: (body: Uint8Array, maxBytes: number) => Uint8Array;
}

async function take(
  ingest: Ingest,
  request: IngestRequest,
  sender: Sender,
  { readBody, decompress }: Body,
  { intake, trust, rates, limits = DEFAULT_BODY_LIMITS }: IngestParts,
): Promise<Reply> {
  const isLimited = !trust.isOperator(sender);
  const waitMs = isLimited ? rates.waitMs(sender.address) : 0;
  if (waitMs > 0) throw tooMuch(waitMs);
  if (intake.isFull) {
    throw new Refusal(503, "nothing can be forwarded at present, keep the samples", { "retry-after": "10" });
  }
  const body = await readBody(limits.maxBytes);
  let cost = body.length / BYTES_PER_SAMPLE;
  try {
    const bytes = decompressed(() => decompress(body, limits.maxDecompressedBytes));
    cost = bytes.length / BYTES_PER_SAMPLE;
    const accepted = await intake.accept(ingest.parse(bytes, request, body), sender);
    cost = accepted.samples;
    return ingest.accepted?.(accepted, request) ?? { status: 204 };
  } finally {
    if (isLimited) rates.charge(sender.address, cost);
  }
}

function tooMuch(waitMs: number): Refusal {
  const headers = { "retry-after": String(Math.ceil(waitMs / 1000)) };
  return new Refusal(429, "more samples than one sender may bring, keep the others for later", headers);
}

function decompressed(decompress: () => Uint8Array): Uint8Array {
  try {
    return decompress();
  } catch (error) {
    if (error instanceof DecodeError && error.code === "LIMIT") throw new Refusal(413, error.message);
    throw error;
  }
}

/** By its own name: `constructor` is no encoding. */
function decompressOf({ encodings }: Ingest, contentEncoding = ""): Body["decompress"] | undefined {
  const name = contentEncoding.trim().toLowerCase();
  return Object.hasOwn(encodings, name) ? encodings[name] : undefined;
}

function unsupportedType(contentType: string, here: readonly Ingest[]): Refusal {
  const known = here.map(({ takes }) => takes).join(" or ");
  return new Refusal(415, `content type ${JSON.stringify(contentType)}: ${known} is taken`);
}

/** RFC 9110 §12.5.3: a 415 for an encoding says which ones are taken. */
function unsupportedEncoding(contentEncoding = "", { encodings }: Ingest): Refusal {
  const known = Object.keys(encodings).filter((name) => name !== "");
  const message = `content encoding ${JSON.stringify(contentEncoding)}: ${known.join(" or ")} is taken`;
  return new Refusal(415, message, { "accept-encoding": known.join(", ") });
}

function* knownSeries(latest: LatestStore, ip: string): ReturnType<IngestRequest["known"]> & Generator {
  for (const { shape } of latest.machine(ip)?.series() ?? []) yield shape;
}

function asRefusal(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error;
  return error instanceof DecodeError ? new Refusal(400, error.message) : undefined;
}

function count(counts: RequestCounts, ingest: string, status: number): void {
  const key = `${ingest} ${status}`;
  const entry = counts.get(key) ?? { ingest, status, count: 0 };
  entry.count++;
  counts.set(key, entry);
}
