import type { Labels } from "../../core/metrics/series.ts";
import { errorLine } from "../../core/runtime/errors.ts";
import type { Range } from "../history/archive.ts";
import type { Samples } from "../history/buckets.ts";
import type { WindowRange } from "../history/windows.ts";
import { Refusal } from "../http/route.ts";
import type { PromqlUrl } from "./promql-url.ts";

/** One series of an answer. */
export interface PromqlSeries {
  readonly labels: Labels;
  readonly samples: Samples;
}

/** Somebody who answers PromQL. What does not answer, or not as expected, is Refusal 502. */
export interface PromqlClient {
  /** An expression at the end of each window of the range. */
  atWindows(expression: string, range: WindowRange): Promise<readonly PromqlSeries[]>;
  /** The samples of a selector, as they came, with `fromMs` < time ≤ `toMs`. */
  samples(selector: string, range: Range): Promise<readonly PromqlSeries[]>;
  close(): Promise<void>;
}

const TIMEOUTS = { connect: { timeout: 5_000 }, headersTimeout: 30_000, bodyTimeout: 30_000 } as const;
/** A few at a time: it has others to answer, too. */
const CONNECTIONS = 4;
const MAX_BYTES = 64 * 1024 * 1024;

export async function openPromqlClient({ url, name }: PromqlUrl): Promise<PromqlClient> {
  // Loaded for those who read elsewhere: it costs 19 MB.
  const { Pool } = await import("undici");
  const pool = new Pool(url.origin, { connections: CONNECTIONS, pipelining: 1, ...TIMEOUTS });
  const headers = { "content-type": "application/x-www-form-urlencoded", ...authorization(url) };
  const ask = async (path: string, fields: Record<string, string>): Promise<readonly PromqlSeries[]> => {
    try {
      const body = new URLSearchParams(fields).toString();
      const target = `${url.pathname.replace(/\/$/, "")}/api/v1/${path}`;
      const response = await pool.request({ method: "POST", path: target, headers, body });
      return parseMatrix(response.statusCode, await textOf(response.body));
    } catch (error) {
      throw new Refusal(502, `history of ${name}: ${errorLine(error)}`);
    }
  };
  return {
    atWindows: (query, { fromMs, toMs, stepMs }) => {
      const [first, last] = [Math.floor(fromMs / stepMs) + 1, Math.ceil(toMs / stepMs)];
      const seconds = (windows: number): string => String((windows * stepMs) / 1000);
      return ask("query_range", { query, start: seconds(first), end: seconds(last), step: seconds(1) });
    },
    samples: async (selector, { fromMs, toMs }) => {
      // The left end belongs to the range before Prometheus 3, and not since.
      const query = `${selector}[${Math.ceil(toMs - fromMs)}ms]`;
      const found = await ask("query", { query, time: String(toMs / 1000) });
      return found.map(({ labels, samples }) => ({ labels, samples: after(samples, fromMs) }));
    },
    close: () => pool.destroy(),
  };
}

/** Throws for what is no answer of this API: an error as it tells it, a login page, a truncated text. */
export function parseMatrix(status: number, text: string): readonly PromqlSeries[] {
  const answer = parseJson(text);
  if (answer?.status !== "success" || answer.data === undefined)
    throw new Error(answer?.error ?? `HTTP ${status}: not an answer to PromQL`);
  const { resultType, result } = answer.data;
  if (resultType !== "matrix") throw new Error(`a ${resultType}, not a matrix`);
  return result.map(({ metric, values }) => ({
    labels: metric,
    samples: {
      times: values.map(([seconds]) => Math.round(seconds * 1000)),
      values: values.map(([, value]) => parseValue(value)),
    },
  }));
}

interface Answer {
  readonly status?: string;
  readonly error?: string;
  readonly data?: {
    readonly resultType: string;
    readonly result: readonly {
      readonly metric: Labels;
      readonly values: readonly (readonly [seconds: number, value: string])[];
    }[];
  };
}

function parseJson(text: string): Answer | undefined {
  try {
    return JSON.parse(text) as Answer;
  } catch {
    return undefined;
  }
}

function parseValue(text: string): number {
  return Number(text.replace("Inf", "Infinity"));
}

function after({ times, values }: Samples, fromMs: number): Samples {
  const first = times.findIndex((time) => time > fromMs);
  return first === -1
    ? { times: [], values: [] }
    : { times: times.slice(first), values: values.slice(first) };
}

async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new Error(`more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function authorization({ username, password }: URL): Record<string, string> {
  if (username === "") return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString("base64")}` };
}
