import { request } from "undici";
import { PlimsollError } from "../../core/runtime/errors.ts";
import type { LatestValue } from "./figures.ts";

const TIMEOUT_MS = 5000;

/** The latest values of one machine (`GET /api/v1/machines/{ip}`), none when it was never heard of. */
export async function latestValues(collectorUrl: string, address: string): Promise<readonly LatestValue[]> {
  const url = `${collectorUrl}/api/v1/machines/${address}`;
  const { statusCode, body } = await request(url, { headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS });
  if (statusCode === 404) {
    await body.dump();
    return [];
  }
  if (statusCode !== 200)
    throw new PlimsollError("COLLECTOR", `${url}: status ${statusCode}: ${await body.text()}`);
  const { values } = (await body.json()) as { values: readonly LatestValue[] };
  // NaN and infinities come as text: nothing to show.
  return values.filter(({ value }) => typeof value === "number");
}
