import type { Series } from "../../core/metrics/series.ts";
import { errnoOf, errorLine } from "../../core/runtime/errors.ts";
import { gauge, point } from "../metric.ts";
import { Problems } from "../problems.ts";
import type { Distinct, OwnPages } from "../scrape/page-series.ts";
import { defineSource, type SourceKind, text } from "../source-kind.ts";
import type { SourceContext } from "./types.ts";

const MTIME = gauge("node_textfile_mtime_seconds", "Unixtime mtime of textfiles successfully read.");
const ERROR = gauge(
  "node_textfile_scrape_error",
  "1 if there was an error opening or reading a file, 0 otherwise",
);

/** What others write for us: `*.prom` in the text format, without times. A bad file costs itself. */
export const textfile: SourceKind = defineSource({
  name: "textfile",
  describes: "the metrics that other programs leave in files",
  isOff: true,
  options: { directory: text("/var/lib/plimsoll/textfile", "where the `*.prom` files are") },
  open: ({ directory }, { identity, log }) => {
    let pages: OwnPages | undefined;
    const problems = new Problems();
    const report: Report = (path, problem) => {
      if (!problems.hasChanged(path, problem)) return;
      if (problem !== undefined) log.warn({ path, problem }, "text file cannot be used");
    };
    return async (context) => {
      const { OwnPages, Distinct } = await import("../scrape/page-series.ts");
      pages ??= new OwnPages();
      const names = (await context.list(directory)).filter((name) => name.endsWith(".prom")).sort();
      pages.begin(names, (await identity()) ?? {});
      const reading = new Reading(pages, new Distinct(), report, context);
      for (const name of names) await reading.file(directory, name);
      return reading.series();
    };
  },
});

type Report = (path: string, problem: string | undefined) => void;

class Reading {
  readonly #pages: OwnPages;
  readonly #distinct: Distinct;
  readonly #report: Report;
  readonly #context: SourceContext;
  readonly #series: Series[] = [];
  #hasFailed = false;

  constructor(pages: OwnPages, distinct: Distinct, report: Report, context: SourceContext) {
    this.#pages = pages;
    this.#distinct = distinct;
    this.#report = report;
    this.#context = context;
  }

  async file(directory: string, name: string): Promise<void> {
    const { load, nowMs } = this.#context;
    const path = `${directory}/${name}`;
    try {
      const file = await load(path);
      const series = this.#pages.read(name, file.text, nowMs);
      this.#distinct.add(series);
      this.#series.push(...series, point(MTIME, { file: path }, file.mtimeMs / 1000, nowMs));
      this.#report(path, undefined);
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return; // Gone since the folder was listed.
      this.#hasFailed = true;
      this.#report(path, errorLine(error));
    }
  }

  series(): Series[] {
    return [...this.#series, point(ERROR, {}, this.#hasFailed ? 1 : 0, this.#context.nowMs)];
  }
}
