import type { Batch } from "../core/metrics/series.ts";

/** What a destination is called in logs, metrics and the spool's folder: its URL without what is secret. */
export function sinkName(protocol: string, url: URL): string {
  return `${protocol}+${url.protocol}//${url.host}${url.pathname}`;
}

export function sampleCount(batch: Batch): number {
  return batch.series.reduce((sum, { samples }) => sum + samples.length, 0);
}
