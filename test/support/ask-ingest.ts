import type { Refusal, Reply } from "../../collector/http/route.ts";
import type { Accepted, Ingest, Ingested, IngestRequest } from "../../collector/ingests/types.ts";

export const NOW_MS = 1_700_000_000_000;

/** A request as the route describes it to an ingest. */
export function ingestRequest(more: Partial<IngestRequest> = {}): IngestRequest {
  return {
    ...{ method: "POST", path: "/", contentType: "", params: {}, nowMs: NOW_MS, known: () => [] },
    query: new URLSearchParams(),
    ...more,
  };
}

export function parseWith(
  ingest: Ingest,
  body: string | Uint8Array,
  more: Partial<IngestRequest> = {},
): Ingested {
  const bytes = Buffer.from(body as string);
  return ingest.parse(bytes, ingestRequest({ path: ingest.paths[0] ?? "", ...more }), bytes);
}

/** Status, headers and body as a client sees them. */
export function shownReply(reply: Reply | undefined): readonly unknown[] {
  const body = reply?.body;
  const text = typeof body === "string" ? body : Buffer.from((body ?? []) as Uint8Array).toString("latin1");
  return [reply?.status, reply?.headers ?? {}, text.trimEnd()];
}

export function acceptedReply(
  ingest: Ingest,
  accepted: Partial<Accepted>,
  more: Partial<IngestRequest> = {},
): readonly unknown[] {
  const request = ingestRequest({ path: ingest.paths[0] ?? "", ...more });
  return shownReply(ingest.accepted?.({ samples: 0, skipped: {}, ...accepted }, request));
}

export function refusedReply(
  ingest: Ingest,
  refusal: Refusal,
  more: Partial<IngestRequest> = {},
): readonly unknown[] {
  return shownReply(ingest.refused?.(refusal, ingestRequest({ path: ingest.paths[0] ?? "", ...more })));
}
