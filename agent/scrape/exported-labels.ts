import { setLabel } from "../../core/metrics/labels.ts";
import type { Labels } from "../../core/metrics/series.ts";

/** A label of a page whose name is taken gets out of the way, as often as it needs: `exported_job`. */
export function exportedLabels(labels: Labels, isTaken: (name: string) => boolean): Labels {
  const names = Object.keys(labels);
  if (!names.some(isTaken)) return labels;
  const renamed: Record<string, string> = {};
  for (const name of names) {
    let free = name;
    while (isTaken(free) || (free !== name && free in labels)) free = `exported_${free}`;
    setLabel(renamed, free, labels[name] ?? "");
  }
  return renamed;
}
