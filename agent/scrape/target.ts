import { isHostAndPort } from "../../core/metrics/labels.ts";
import type { Labels, Series } from "../../core/metrics/series.ts";
import { errorLine, PlimsollError } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";
import { gauge, point } from "../metric.ts";
import { exportedLabels } from "./exported-labels.ts";
import { openPageFetcher, type PageFetcher } from "./fetch-page.ts";
import type { ScrapeOptions } from "./options.ts";
import { type Page, PageError, PageParser, type PageSample } from "./page-parser.ts";

const UP = gauge("up", "Whether the last scrape of this target succeeded.");
const DURATION = gauge("scrape_duration_seconds", "How long the last scrape took.");
const SCRAPED = gauge("scrape_samples_scraped", "Samples the last page had.");
const KEPT = gauge(
  "scrape_samples_post_metric_relabeling",
  "Those of them whose labels were within the limits.",
);
const ADDED = gauge("scrape_series_added", "Series that were new in the last page.");

/** A sample that is dated further ahead is left out, as Prometheus does. */
const FUTURE_MS = 600_000;

export interface TargetOptions {
  readonly options: ScrapeOptions;
  readonly identity: () => Promise<Labels | undefined>;
  readonly log: Logger;
  /** Of the agent, where the target has none of its own: no page is waited for longer. */
  readonly intervalMs: number;
}

/**
 * One endpoint, scraped as Prometheus does it (scrape/scrape.go): a page that is late, too large or wrong in
 * one line is no page, `up` is 0, and the series it had before end.
 */
export class ScrapeTarget {
  readonly #options: ScrapeOptions;
  readonly #identity: TargetOptions["identity"];
  readonly #log: Logger;
  readonly #fetcher: PageFetcher;
  readonly #parser: PageParser;
  /** Labels of the target on each of its series. */
  #own: Labels = {};
  /** Labels that a page must not have: they are the machine's. */
  #reserved: Labels = {};
  #problem: string | undefined;

  constructor({ options, identity, log, intervalMs }: TargetOptions) {
    const { settings, limits, url } = options;
    const timeoutMs = Math.min(settings.timeoutMs, options.intervalMs ?? intervalMs);
    this.#options = options;
    this.#identity = identity;
    this.#log = log;
    this.#fetcher = openPageFetcher(url, { ...settings, timeoutMs }, limits.bodyBytes);
    this.#parser = new PageParser((labels, name) => this.#relabel(labels, name));
  }

  /** Never rejects: what goes wrong is `up` 0. */
  async scrape(nowMs: number): Promise<readonly Series[]> {
    this.#follow((await this.#identity()) ?? {});
    const startMs = performance.now();
    let page: Page = { samples: [], total: 0, kept: 0, added: 0 };
    let problem: string | undefined;
    try {
      const { text, format } = await this.#fetcher.fetch();
      page = this.#withinLimits(this.#parser.parse(text, format));
    } catch (error) {
      problem = errorLine(error);
      if (error instanceof PageError) page = { ...page, total: error.total, kept: error.kept };
    }
    this.#report(problem);
    const seconds = (performance.now() - startMs) / 1000;
    const own = this.#own;
    return [
      ...page.samples.flatMap((sample) => this.#seriesOf(sample, nowMs)),
      point(UP, own, problem === undefined ? 1 : 0, nowMs),
      point(DURATION, own, seconds, nowMs),
      point(SCRAPED, own, page.total, nowMs),
      point(KEPT, own, page.kept, nowMs),
      point(ADDED, own, page.added, nowMs),
    ];
  }

  /** Another address is another instance: every series is another one then. */
  #follow(identity: Labels): void {
    const { job, labels, url } = this.#options;
    const own = { ...labels, job, instance: instanceOf(url, identity.ip) };
    if (JSON.stringify([own, identity]) === JSON.stringify([this.#own, this.#reserved])) return;
    this.#own = own;
    this.#reserved = identity;
    this.#parser.reset();
  }

  #relabel(labels: Labels, name: string): Labels {
    const { honorLabels } = this.#options;
    const own = this.#own;
    const isTaken = (label: string): boolean => {
      if (label === "instance" && honorLabels) return !isHostAndPort(labels.instance ?? "");
      return label in this.#reserved || (label in own && !honorLabels);
    };
    const all = { ...own, ...exportedLabels(labels, isTaken) };
    this.#checkLabels({ __name__: name, ...all });
    return all;
  }

  #checkLabels(labels: Labels): void {
    const { limits } = this.#options;
    const entries = Object.entries(labels);
    if (entries.length > limits.labels) fail(`more than ${limits.labels} labels`);
    for (const [label, value] of entries) {
      if (label.length > limits.labelNameLength) fail(`label name ${label} is too long`);
      if (value.length > limits.labelValueLength) fail(`the value of label ${label} is too long`);
    }
  }

  #withinLimits(page: Page): Page {
    const { samples } = this.#options.limits;
    if (page.total <= samples) return page;
    throw new PageError(`more than ${samples} samples`, page.total, page.kept);
  }

  #seriesOf({ series, value, timestampMs }: PageSample, nowMs: number): Series[] {
    const { name, kind, help, labels } = series;
    if (timestampMs === undefined || !this.#options.honorTimestamps) {
      return [{ name, kind, help, labels, samples: [{ timestampMs: nowMs, value }] }];
    }
    if (timestampMs > nowMs + FUTURE_MS || timestampMs <= series.lastMs) return [];
    series.lastMs = timestampMs;
    return [{ name, kind, help, labels, samples: [{ timestampMs, value }] }];
  }

  /** Logs changes only. */
  #report(problem: string | undefined): void {
    if (problem === this.#problem) return;
    const { job, url } = this.#options;
    const target = `${url.origin}${url.pathname}`;
    if (problem === undefined) this.#log.info({ job, target }, "target answers again");
    else this.#log.warn({ job, target, problem }, "target is down");
    this.#problem = problem;
  }
}

/** A server on loopback is this machine's: under its permanent address, as somebody outside would reach it. */
function instanceOf({ hostname, port, protocol }: URL, ip: string | undefined): string {
  const number = port || (protocol === "https:" ? "443" : "80");
  const isLoopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
  if (!isLoopback || ip === undefined) return `${hostname}:${number}`;
  return ip.includes(":") ? `[${ip}]:${number}` : `${ip}:${number}`;
}

function fail(what: string): never {
  throw new PlimsollError("PAGE", what);
}
