import type { Batch } from "../core/metrics/series.ts";
import type { PushSettings } from "./push-settings.ts";

/** What a destination is called in logs, metrics and the spool's folder: as it is told, or its URL without what is secret. */
export function sinkName(protocol: string, url: URL, { name }: Pick<PushSettings, "name">): string {
  return name ?? `${protocol}+${url.protocol}//${url.host}${url.pathname}`;
}

export function sampleCount(batch: Batch): number {
  return batch.series.reduce((sum, { samples }) => sum + samples.length, 0);
}
