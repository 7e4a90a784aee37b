// Open-Falcon's MetricValue (falcon-plus, common/model/metric.go); a push is a JSON array of them:
//   {"endpoint":"10.0.0.7","metric":"load.1min","value":0.25,"step":10,"counterType":"GAUGE","tags":"","timestamp":1700000000}
// The transfer answers 200 with {"msg":"success","data":{"Message":"ok","Total":2,"Invalid":1,"Latency":0}}, the agent
// with the text "success".
import type { Lines } from "./influx.ts";
import type { FalconValue } from "./open-falcon-names.ts";

/** Of a metric's name and its tags together; beyond it the transfer calls the value invalid. */
const MAX_NAME_BYTES = 510;

export interface FalconContext {
  readonly endpoint: string;
  readonly stepSeconds: number;
  readonly timestampMs: number;
}

/** One value per line, each a JSON object. */
export function renderFalconValues(values: readonly FalconValue[], context: FalconContext): Lines {
  const endpoint = JSON.stringify(context.endpoint);
  const timestamp = Math.floor(context.timestampMs / 1000);
  const lines: string[] = [];
  for (const { metric, value, counterType, tags } of values) {
    const names = Buffer.byteLength(metric) + Buffer.byteLength(tags);
    if (!Number.isFinite(value) || names > MAX_NAME_BYTES) continue;
    lines.push(
      `{"endpoint":${endpoint},"metric":${JSON.stringify(metric)},"value":${value},"step":${context.stepSeconds},` +
        `"counterType":"${counterType}","tags":${JSON.stringify(tags)},"timestamp":${timestamp}}\n`,
    );
  }
  return { text: lines.join(""), samples: lines.length };
}

/** How many values the receiver left out of what it took with status 200. */
export function parseFalconInvalid(body: string): number {
  try {
    const answer = JSON.parse(body);
    const invalid = Number(answer?.data?.Invalid ?? answer?.Invalid ?? 0);
    return Number.isFinite(invalid) ? invalid : 0;
  } catch {
    return 0; // The agent's "success".
  }
}
