import { type Family, findFamily } from "../core/metrics/series.ts";

const UNKNOWN = { kind: "unknown", help: "" } as const;

/** What is known of metric families: senders tell it now and then only, apart from the samples. Bounded: it learns no more when full. */
export class Catalog {
  readonly #families = new Map<string, Family>();
  readonly #maxFamilies: number;

  constructor(maxFamilies = 20_000) {
    this.#maxFamilies = maxFamilies;
  }

  learn(families: readonly Family[]): void {
    for (const family of families) {
      if (family.kind === "unknown" && family.help === "") continue;
      if (this.#families.size >= this.#maxFamilies && !this.#families.has(family.name)) continue;
      this.#families.set(family.name, family);
    }
  }

  /** Whether a series grows only: what its family is, or by its name when nobody has told. */
  isCounter(seriesName: string): boolean {
    const { kind } = this.describe(seriesName);
    if (kind === "counter") return true;
    const looksSo = /_(total|count|sum|bucket)$/.test(seriesName);
    return kind !== "gauge" && looksSo;
  }

  /** Kind and help of the series' family; `unknown` and "" when nobody has told yet. */
  describe(seriesName: string): Pick<Family, "kind" | "help"> {
    return findFamily(this.#families, seriesName) ?? UNKNOWN;
  }
}
