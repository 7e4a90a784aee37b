import { isLabelName } from "../core/metrics/labels.ts";
import type { Labels } from "../core/metrics/series.ts";
import type { Fail } from "../core/runtime/options.ts";

/** The agent's own: a configured label of that name would break a machine's history in two. */
const RESERVED: ReadonlySet<string> = new Set(["instance", "ip", "hostname", "type"]);

/** Static labels of a configuration or identity file; what is wrong goes to `fail`. Empty values are left out, as the protocols demand. */
export function parseLabels(value: unknown, fail: Fail): Labels {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return fail("must be a mapping of names to texts");
  }
  const labels: Record<string, string> = {};
  for (const [name, text] of Object.entries(value)) {
    if (!isLabelName(name) || name.startsWith("__"))
      fail(`${JSON.stringify(name)} is not a label name`, name);
    if (RESERVED.has(name)) fail(`${name} is the agent's own`, name);
    if (typeof text !== "string") fail(`${name} must be a text`, name);
    if (text !== "") labels[name] = text;
  }
  return labels;
}
