import type { Series } from "../../core/metrics/series.ts";
import { errorLine } from "../../core/runtime/errors.ts";
import { gauge, point } from "../metric.ts";
import { runPlugin } from "../plugin.ts";
import { Problems } from "../problems.ts";
import { readDuration } from "../read-duration.ts";
import type { OwnPages } from "../scrape/page-series.ts";
import { count, defineSource, type SourceKind, type SourceOption } from "../source-kind.ts";

const SUCCESS = gauge("plimsoll_agent_plugin_success", "Whether the plug-in printed a page in time.");
const DURATION = gauge("plimsoll_agent_plugin_duration_seconds", "How long the plug-in ran.");

/** Name → argument vector. */
type Plugins = Readonly<Record<string, readonly string[]>>;

const plugins: SourceOption<Plugins> = {
  describes: "the programs by name, each as a list of its words; they print a page in the text format",
  fallback: {},
  read: (value, fail) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return fail("must be a mapping");
    for (const [name, argv] of Object.entries(value)) {
      const isVector =
        Array.isArray(argv) && argv.length > 0 && argv.every((word) => typeof word === "string");
      if (!isVector) fail(`${name} must be a list of words`, name);
    }
    return value as Plugins;
  },
};

const timeout: SourceOption<number> = {
  describes: "how long each may take",
  fallback: 5000,
  shown: "5s",
  read: readDuration,
};

/** The only source that starts processes, and only those that its configuration names. */
export const exec: SourceKind = defineSource({
  name: "exec",
  describes: "what programs of yours print",
  isOff: true,
  intervalMs: 60_000,
  options: { plugins, timeout, maxBytes: count(65_536, 4_194_304, "what each may print at most") },
  open: ({ plugins, timeout, maxBytes }, { identity, log }) => {
    const names = Object.keys(plugins);
    const problems = new Problems();
    let pages: OwnPages | undefined;
    return async ({ nowMs }) => {
      const { OwnPages, Distinct } = await import("../scrape/page-series.ts");
      pages ??= new OwnPages();
      pages.begin(names, (await identity()) ?? {});
      const distinct = new Distinct();
      const series: Series[] = [];
      for (const name of names) {
        const startMs = performance.now();
        let problem: string | undefined;
        try {
          const text = await runPlugin(plugins[name] ?? [], { timeoutMs: timeout, maxBytes });
          const page = pages.read(name, text, nowMs);
          distinct.add(page);
          series.push(...page);
        } catch (error) {
          problem = errorLine(error);
        }
        if (problems.hasChanged(name, problem) && problem !== undefined) {
          log.warn({ plugin: name, problem }, "plug-in failed");
        }
        const labels = { plugin: name };
        series.push(
          point(SUCCESS, labels, problem === undefined ? 1 : 0, nowMs),
          point(DURATION, labels, (performance.now() - startMs) / 1000, nowMs),
        );
      }
      return series;
    };
  },
});
