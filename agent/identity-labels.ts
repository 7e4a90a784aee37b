import { isLabelName } from "../core/metrics/labels.ts";
import type { Labels } from "../core/metrics/series.ts";

/** The agent's own: a configured label of that name would break a machine's history in two. */
const RESERVED: ReadonlySet<string> = new Set(["instance", "ip", "hostname", "type"]);

/** Static labels of a configuration or identity file; what is wrong goes to `fail`. Empty values are left out, as the protocols demand. */
export function parseLabels(value: unknown, fail: (what: string) => never): Labels {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return fail("labels must be a mapping of names to texts");
  }
  const labels: Record<string, string> = {};
  for (const [name, text] of Object.entries(value)) {
    if (!isLabelName(name) || name.startsWith("__"))
      fail(`labels: ${JSON.stringify(name)} is not a label name`);
    if (RESERVED.has(name)) fail(`labels: ${name} is the agent's own`);
    if (typeof text !== "string") fail(`labels: ${name} must be a text`);
    if (text !== "") labels[name] = text;
  }
  return labels;
}
