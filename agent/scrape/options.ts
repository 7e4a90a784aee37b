import { isLabelName } from "../../core/metrics/labels.ts";
import type { Labels } from "../../core/metrics/series.ts";
import { bug } from "../../core/runtime/errors.ts";
import { type Fail, failing, type GivenValue } from "../../core/runtime/options.ts";
import { DEFAULT_SETTINGS, type PushSettings, parseSettings } from "../push-settings.ts";
import { readDuration } from "../read-duration.ts";

/** One endpoint of an application, as Prometheus' scrape_configs would have it. */
export interface ScrapeOptions {
  readonly job: string;
  readonly url: URL;
  /** At each tick without. */
  readonly intervalMs: number | undefined;
  readonly honorLabels: boolean;
  readonly honorTimestamps: boolean;
  /** More labels for each of its series. */
  readonly labels: Labels;
  readonly limits: ScrapeLimits;
  readonly settings: PushSettings;
}

/** Of one page; one that has more counts as a failed one, as with Prometheus. */
export interface ScrapeLimits {
  readonly bodyBytes: number;
  readonly samples: number;
  /** Of one series, `__name__`, job and instance among them. */
  readonly labels: number;
  readonly labelNameLength: number;
  readonly labelValueLength: number;
}

/** Prometheus has none; an agent of 32 MiB of heap must not be ended by a page. */
const LIMITS: ScrapeLimits = {
  bodyBytes: 4 * 1024 * 1024,
  samples: 10_000,
  labels: Number.POSITIVE_INFINITY,
  labelNameLength: Number.POSITIVE_INFINITY,
  labelValueLength: Number.POSITIVE_INFINITY,
};

const LIMIT_NAMES: Readonly<Record<string, keyof ScrapeLimits>> = {
  bodySizeLimit: "bodyBytes",
  sampleLimit: "samples",
  labelLimit: "labels",
  labelNameLengthLimit: "labelNameLength",
  labelValueLengthLimit: "labelValueLength",
};

/**
 * Each as `JOB=URL` or as a mapping with job, url and the rest. Two must not make the same series.
 * Throws UsageError naming the option.
 */
export function parseScrapes(given: readonly GivenValue[]): readonly ScrapeOptions[] {
  const fails = given.map((each) => failing(each, HINT));
  const scrapes = given.map(({ value }, i) => parseScrape(value, fails[i] ?? bug));
  const seen = new Set<string>();
  for (const [index, { job, url, labels }] of scrapes.entries()) {
    const key = JSON.stringify([job, url.host, labels]);
    if (seen.has(key)) (fails[index] ?? bug)(`job ${job} has ${url.host} twice`);
    seen.add(key);
  }
  return scrapes;
}

const HINT = "JOB=URL, or a mapping with job and url";

function parseScrape(value: unknown, fail: Fail): ScrapeOptions {
  if (typeof value === "string") {
    const [, job = "", url = ""] =
      /^([^=]+)=(.+)$/.exec(value) ?? fail(`${JSON.stringify(value)} is not JOB=URL`);
    return { ...DEFAULTS, job, url: parseUrl(url, fail) };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return fail("must be a text or a mapping");
  const { job, url, interval, labels, honorLabels, honorTimestamps, ...rest } = { ...value } as Record<
    string,
    unknown
  >;
  if (typeof job !== "string" || job === "") return fail("job must be a text", "job");
  const { limits, others } = takeLimits(rest, fail);
  return {
    job,
    url: parseUrl(url, fail),
    intervalMs:
      interval === undefined
        ? undefined
        : readDuration(interval, (what) => fail(`interval ${what}`, "interval")),
    honorLabels: flagOf("honorLabels", honorLabels, false, fail),
    honorTimestamps: flagOf("honorTimestamps", honorTimestamps, true, fail),
    labels: parseTargetLabels(labels ?? {}, (what, ...keys) => fail(`labels ${what}`, "labels", ...keys)),
    limits,
    settings: parseSettings(others, fail),
  };
}

const DEFAULTS = {
  intervalMs: undefined,
  honorLabels: false,
  honorTimestamps: true,
  labels: {},
  limits: LIMITS,
  settings: DEFAULT_SETTINGS,
} as const;

function parseUrl(value: unknown, fail: Fail): URL {
  if (typeof value === "string" && /^https?:\/\//.test(value) && URL.canParse(value)) {
    const url = new URL(value);
    if (url.pathname === "/") url.pathname = "/metrics";
    return url;
  }
  return fail(`${JSON.stringify(value)} is not an http:// or https:// URL`, "url");
}

function flagOf(name: string, value: unknown, fallback: boolean, fail: Fail): boolean {
  if (value === undefined) return fallback;
  return typeof value === "boolean" ? value : fail(`${name} must be true or false`, name);
}

function parseTargetLabels(value: unknown, fail: Fail): Labels {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return fail("must be a mapping");
  for (const [name, text] of Object.entries(value)) {
    if (!isLabelName(name) || name.startsWith("__"))
      fail(`${JSON.stringify(name)} is not a label name`, name);
    if (["job", "instance", "ip", "hostname", "type"].includes(name))
      fail(`${name} is the agent's own`, name);
    if (typeof text !== "string" || text === "") fail(`${name} must be a text`, name);
  }
  return { ...value };
}

function takeLimits(
  options: Readonly<Record<string, unknown>>,
  fail: Fail,
): { limits: ScrapeLimits; others: Record<string, unknown> } {
  const limits: Record<string, number> = { ...LIMITS };
  const others: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    const limit = Object.hasOwn(LIMIT_NAMES, name) ? LIMIT_NAMES[name] : undefined;
    if (limit === undefined) others[name] = value;
    else if (Number.isInteger(value) && Number(value) > 0) limits[limit] = Number(value);
    else fail(`${name} must be a whole number above 0`, name);
  }
  return { limits: { ...LIMITS, ...limits }, others };
}
