import type { Labels, Series } from "../../core/metrics/series.ts";
import { PlimsollError } from "../../core/runtime/errors.ts";
import { exportedLabels } from "./exported-labels.ts";
import { PageParser } from "./page-parser.ts";

/** Pages of the machine's own, from files and programs: their samples are of now and have no target's labels. */
export class OwnPages {
  readonly #parsers = new Map<string, PageParser>();
  /** Labels of the machine's identity, which a page must not have. */
  #reserved: Labels = {};

  /** To be told before the pages of a tick: only `names` are there. */
  begin(names: readonly string[], identity: Labels): void {
    const isSame = Object.keys(identity).join() === Object.keys(this.#reserved).join();
    this.#reserved = identity;
    for (const name of this.#parsers.keys()) {
      if (!isSame || !names.includes(name)) this.#parsers.delete(name);
    }
  }

  /** The series of a page in the text format. Throws PlimsollError when anything in it is wrong. */
  read(name: string, text: string, nowMs: number): Series[] {
    const parser = this.#parsers.get(name) ?? new PageParser((labels) => this.#relabel(labels));
    this.#parsers.set(name, parser);
    return parser.parse(text, "text").samples.map(({ series, value, timestampMs }) => {
      if (timestampMs !== undefined) throw new PlimsollError("PAGE", `${series.name} has a time of its own`);
      const { name, kind, help, labels } = series;
      return { name, kind, help, labels, samples: [{ timestampMs: nowMs, value }] };
    });
  }

  #relabel(labels: Labels): Labels {
    return exportedLabels(labels, (label) => label in this.#reserved);
  }
}

/**
 * The pages together: what one has, no later one may have again, or a receiver would refuse both. Throws
 * PlimsollError naming the series.
 */
export class Distinct {
  readonly #seen = new Set<string>();

  add(series: readonly Series[]): void {
    const keys = series.map(({ name, labels }) => `${name}${JSON.stringify(Object.entries(labels).sort())}`);
    const double = keys.find((key) => this.#seen.has(key));
    if (double !== undefined) throw new PlimsollError("PAGE", `another page has ${double} already`);
    for (const key of keys) this.#seen.add(key);
  }
}
