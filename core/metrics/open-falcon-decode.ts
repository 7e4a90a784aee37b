// The layout of a push is in open-falcon.ts.
import { DecodeError } from "./decode-error.ts";
import { Gathering } from "./gathering.ts";
import { setLabel, toLabelName, toMetricName } from "./labels.ts";
import type { Labels, MetricKind } from "./series.ts";
import type { WriteLimits } from "./write-limits.ts";

/** Of a metric's name and its tags together. */
const MAX_NAME_BYTES = 510;
const KINDS: Readonly<Record<string, MetricKind>> = { GAUGE: "gauge", COUNTER: "counter", DERIVE: "counter" };

/**
 * A JSON array of MetricValues: the endpoint is the label `instance`, `cpu.idle` becomes `cpu_idle`. What
 * the transfer calls invalid is rejected one by one. Throws DecodeError when it is no such array.
 */
export function parseFalconValues(text: string, nowMs: number, limits?: WriteLimits): Gathering {
  const gathering = new Gathering(limits);
  for (const value of parseArray(text)) {
    const objection = addValue(gathering, value, nowMs);
    if (objection !== undefined) gathering.reject(objection);
  }
  return gathering;
}

function parseArray(text: string): readonly unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new DecodeError("MALFORMED", "not JSON");
  }
  if (Array.isArray(value)) return value;
  throw new DecodeError("MALFORMED", "not a JSON array");
}

/** The transfer's own rules (falcon-plus, transfer/receiver/rpc). Returns what is wrong. */
function addValue(gathering: Gathering, given: unknown, nowMs: number): string | undefined {
  if (typeof given !== "object" || given === null) return "null";
  const {
    endpoint,
    metric,
    value,
    step,
    counterType,
    tags = "",
    timestamp,
  } = given as Record<string, unknown>;
  if (typeof metric !== "string" || metric === "") return "a value without a metric";
  if (typeof endpoint !== "string" || endpoint === "") return `${metric}: no endpoint`;
  const kind = KINDS[String(counterType)];
  if (kind === undefined) return `${metric}: counterType ${JSON.stringify(counterType)}`;
  if (!(Number(step) > 0)) return `${metric}: step ${JSON.stringify(step)}`;
  if (typeof tags !== "string" || Buffer.byteLength(metric) + Buffer.byteLength(tags) > MAX_NAME_BYTES)
    return `${metric}: more than ${MAX_NAME_BYTES} bytes of name and tags`;
  const number =
    typeof value === "number" || (typeof value === "string" && value !== "") ? Number(value) : NaN;
  if (!Number.isFinite(number)) return `${metric}: value ${JSON.stringify(value)}`;
  const labels = labelsOf(endpoint, tags);
  if (labels === undefined) return `${metric}: tags ${JSON.stringify(tags)}`;
  const sample = { timestampMs: timeOf(timestamp, nowMs), value: number };
  gathering.add(toMetricName(metric), labels, sample, { kind, help: "" });
  return undefined;
}

/** Seconds; what is nonsense is now, as in the transfer. */
function timeOf(timestamp: unknown, nowMs: number): number {
  const ms = Number(timestamp) * 1000;
  return ms > 0 && ms <= nowMs * 2 ? Math.round(ms) : nowMs;
}

/** `iface=eth0,module=x`; undefined when a tag has no name. */
function labelsOf(endpoint: string, tags: string): Labels | undefined {
  const labels: Record<string, string> = { instance: endpoint };
  for (const tag of tags.split(",")) {
    const [name = "", ...rest] = tag.trim().split("=");
    if (name === "" && rest.length === 0) continue;
    if (name === "" || rest.length === 0) return undefined;
    const value = rest.join("=").trim();
    const label = toLabelName(name.trim());
    if (value !== "" && label !== "instance" && label !== "__name__") setLabel(labels, label, value);
  }
  return labels;
}
