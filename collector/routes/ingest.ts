import { DecodeError } from "../../core/metrics/decode-error.ts";
import { Refusal, type Reply, type Route, type RouteRequest } from "../http/route.ts";
import type { Ingest } from "../ingests/types.ts";
import type { Intake } from "../intake.ts";
import { tokenOf } from "../trust/trust.ts";

export interface BodyLimits {
  /** As it comes over the wire, and after decompression. */
  readonly maxBytes: number;
  readonly maxDecompressedBytes: number;
}

export const DEFAULT_BODY_LIMITS: BodyLimits = {
  maxBytes: 8 * 1024 * 1024,
  maxDecompressedBytes: 32 * 1024 * 1024,
};

/** Requests by protocol and answer, for the counters. */
export type RequestCounts = Map<string, { readonly ingest: string; readonly status: number; count: number }>;

/** A protocol's route: the same refusals, limits and counters for all of them. */
export function ingestRoute(
  ingest: Ingest,
  intake: Intake,
  counts: RequestCounts,
  limits: BodyLimits = DEFAULT_BODY_LIMITS,
): Route {
  return {
    method: "POST",
    path: ingest.path,
    summary: `push samples: ${ingest.name}`,
    handle: async (request) => {
      try {
        const reply = await take(ingest, intake, limits, request);
        count(counts, ingest.name, reply.status);
        return reply;
      } catch (error) {
        const refusal = asRefusal(error);
        count(counts, ingest.name, refusal?.status ?? 500);
        throw refusal ?? error;
      }
    },
  };
}

async function take(
  ingest: Ingest,
  intake: Intake,
  limits: BodyLimits,
  request: RouteRequest,
): Promise<Reply> {
  const { headers } = request;
  const unsupported = ingest.unsupported(headers["content-type"], headers["content-encoding"]);
  if (unsupported !== undefined) throw new Refusal(415, unsupported);
  if (intake.isFull) {
    throw new Refusal(503, "nothing can be forwarded at present, keep the samples", { "retry-after": "10" });
  }
  const body = await request.readBody(limits.maxBytes);
  const bytes = decompress(ingest, body, limits.maxDecompressedBytes);
  const sender = { address: request.peer, token: tokenOf(headers.authorization) };
  await intake.accept(ingest.parse(bytes), sender);
  return { status: 204 };
}

function decompress(ingest: Ingest, body: Uint8Array, maxBytes: number): Uint8Array {
  try {
    return ingest.decompress(body, maxBytes);
  } catch (error) {
    if (error instanceof DecodeError && error.code === "LIMIT") throw new Refusal(413, error.message);
    throw error;
  }
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
