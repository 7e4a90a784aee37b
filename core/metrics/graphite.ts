// Graphite's plaintext protocol, time in seconds, a dotted path or a path with tags:
//   plimsoll.10_0_0_7.node_network_receive_bytes_total.eth0 1234 1700000000
//   node_network_receive_bytes_total;device=eth0;instance=10.0.0.7 1234 1700000000
import type { Lines } from "./influx.ts";
import type { LabelCache } from "./label-cache.ts";
import { mergedLabels, sortedLabelNames } from "./labels.ts";
import type { Batch, Labels, Series } from "./series.ts";

/** One line per sample. What is no number is left out. */
export function renderGraphiteLines(batch: Batch, paths: LabelCache<string>): Lines {
  paths.begin(batch.identity);
  const lines: string[] = [];
  for (const series of batch.series) {
    const path = paths.get(series);
    for (const { value, timestampMs } of series.samples) {
      if (Number.isFinite(value)) lines.push(`${path} ${value} ${Math.floor(timestampMs / 1000)}\n`);
    }
  }
  return { text: lines.join(""), samples: lines.length };
}

/** Prefix, machine, metric, then the labels' values in the order of their names. A dot would begin another folder. */
export function renderGraphitePath(prefix: string, { name, labels }: Series, identity: Labels): string {
  const values = sortedLabelNames(labels).map((label) => labels[label] ?? "");
  const parts = [identity.instance ?? "", name, ...values].map(
    (part) => part.replaceAll(/[^A-Za-z0-9_-]/g, "_") || "_",
  );
  return [prefix, ...parts].filter((part) => part !== "").join(".");
}

/** Graphite 1.1: tags are not empty, hold no semicolon and do not begin with a tilde. */
export function renderGraphiteTags({ name, labels }: Series, identity: Labels): string {
  const all = mergedLabels(labels, identity);
  const tags = sortedLabelNames(all)
    .filter((label) => all[label] !== "")
    .map((label) => `;${label}=${(all[label] ?? "").replaceAll(/[\s;]/g, "_").replace(/^~/, "_")}`);
  return name + tags.join("");
}
