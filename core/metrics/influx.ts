// InfluxDB's line protocol, time in milliseconds:
//   node_network_receive_bytes_total,device=eth0,instance=10.0.0.7,ip=10.0.0.7 value=1234 1700000000000
import type { LabelCache } from "./label-cache.ts";
import { mergedLabels, sortedLabelNames } from "./labels.ts";
import type { Batch, Labels, Series } from "./series.ts";

/** Lines, and how many samples are in them. */
export interface Lines {
  readonly text: string;
  readonly samples: number;
}

/**
 * One line per sample. A field is a float for ever: an integer today and a fraction tomorrow would be a
 * conflict of types. What is no number has no place here: NaN, infinities and the end of a series are left out.
 */
export function renderInfluxLines(batch: Batch, prefixes: LabelCache<string>): Lines {
  prefixes.begin(batch.identity);
  const lines: string[] = [];
  for (const series of batch.series) {
    const prefix = prefixes.get(series);
    for (const { value, timestampMs } of series.samples) {
      if (Number.isFinite(value)) lines.push(`${prefix} value=${value} ${timestampMs}\n`);
    }
  }
  return { text: lines.join(""), samples: lines.length };
}

/** Measurement and tags, tags sorted as the server wants them for speed. */
export function renderInfluxPrefix({ name, labels }: Series, identity: Labels): string {
  const all = mergedLabels(labels, identity);
  const tags = sortedLabelNames(all)
    .filter((label) => all[label] !== "")
    .map((label) => `,${escapeText(label)}=${escapeText(all[label] ?? "")}`);
  return escapeText(name) + tags.join("");
}

/** Commas, equals signs and spaces would end what they are in, a backslash at the end would keep it from ending. */
function escapeText(text: string): string {
  return text
    .replaceAll(/[\r\n]/g, " ")
    .replace(/\\$/, "_")
    .replaceAll(/[,= ]/g, "\\$&");
}
