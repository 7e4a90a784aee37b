import type { SourceKind } from "../../agent/source-kind.ts";
import { ABSENT, DIFFERENT } from "./node-exporter.ts";

const HEAD = `# What the agent samples

The names are node_exporter's wherever it has the metric, with its types, labels and units, so that its dashboards and
rules work unchanged; what only a container has is \`plimsoll_*\`. A test runs Debian's prometheus-node-exporter in the same
container and compares series by series.

The tables are made from the sources themselves: \`UPDATE_GOLDEN=1 npm test -- unit agent-metrics\` writes them, and a test
compares them.
`;

const SETTINGS = `## Switches, options, intervals

\`--sources tcpstat,no-vmstat\`, or \`PLIMSOLL_AGENT_SOURCES\`, switches sources on and off. The configuration file can say
more:

\`\`\`yaml
sources:
  vmstat: false                       # off
  tcpstat: true                       # on
  diskstats: { exclude: "^(dm-|sr)" } # options switch on as well
  filesystem: { interval: 1m }        # asked at the tick at which that has passed
  textfile: { directory: /var/lib/plimsoll/textfile }
  exec:
    plugins: { mailq: [/usr/local/bin/mailq-metrics, --prom] }
    timeout: 5s
\`\`\`

Patterns are regular expressions and match anywhere unless they are anchored. An interval above five minutes makes holes in
graphs: Prometheus looks back no further.
`;

const FAULTS = `## What goes wrong costs itself

- A source that fails is 0 in \`node_scrape_collector_success\` and has no series this time; one log line says why, one that it
  is well again. A source of which this machine has nothing (no PSI, no connection tracking) is silent, and asked again every
  ten minutes.
- A kernel file that is FUSE, and every file system, may hang: each read has a second, a path is never asked twice at a
  time, and \`plimsoll_agent_source_stuck{path}\` names what has not answered. What hangs takes a thread; file systems that
  may hang have threads of their own, so that /proc and local disks never wait for them.
- A source that takes longer than a second and a half (a slow application) holds nobody up: its answer goes out with a later
  tick, under the time at which it was asked.
- Series that are gone end with a staleness marker, source by source.
`;

const SCRAPE = `## Applications in the container

\`--scrape shop=http://127.0.0.1:8080/metrics\`, as often as there are applications, or in the file:

\`\`\`yaml
scrape:
  - shop=http://127.0.0.1:8080/metrics
  - job: database
    url: https://127.0.0.1:9187/metrics
    interval: 30s
    timeout: 5s                # 10s, and never longer than the interval
    honorLabels: false
    honorTimestamps: true
    labels: { tier: back }
    sampleLimit: 10000
    labelLimit: 30
    labelNameLengthLimit: 200
    labelValueLengthLimit: 200
    bodySizeLimit: 4194304     # bytes
    bearerTokenFile: /run/secrets/token
    ca: /etc/ssl/private-ca.pem
\`\`\`

It is what Prometheus does with a \`scrape_config\`, which a test compares page by page: text 0.0.4 and OpenMetrics, gzip; \`up\`,
\`scrape_duration_seconds\`, \`scrape_samples_scraped\`, \`scrape_samples_post_metric_relabeling\`, \`scrape_series_added\`; a page that is
late, too large or wrong in one line is no page; labels that are taken become \`exported_*\`; series that are gone end. The
settings of a connection are those of a destination ([agent-protocols.md](agent-protocols.md)).

- \`instance\` is the machine's permanent address with the port of the application, \`10.213.77.2:8080\`, as if it had been scraped
  from outside. Beside it stand the labels of the machine, \`ip\`, \`hostname\` and so on: a page cannot have those, not with
  \`honorLabels\` either.
- A page may have 10,000 samples and 4 MiB unless its limits say otherwise: the agent is small, and stays so.
- Exemplars are left out, native histograms are not asked for, there is no relabelling. Redirects are followed on the same server
  only.

## Files and programs of your own

\`textfile\` reads \`*.prom\` in its directory at each tick: write beside it and rename. \`exec\` runs programs, once a minute; they
print the same format, are killed with all they started when their time is over, and are, beside the daily \`facts\`, the only processes an agent ever
starts. Neither may give samples a time of their own. A bad file or program costs itself. A series that a source of the
agent has itself is left out, and the log says so: a receiver would refuse two values of it. What begins with \`plimsoll_agent_\` or
\`plimsoll_facts_\` is the agent's own: do not use it.
`;

/** Sources whose series depend on what others put there. */
const GIVEN: Readonly<Record<string, readonly string[]>> = {
  exec: ["plimsoll_agent_plugin_duration_seconds", "plimsoll_agent_plugin_success", "and the pages"],
  textfile: ["node_textfile_mtime_seconds", "node_textfile_scrape_error", "and the pages"],
};

/** docs/agent-metrics.md. `namesOf` gives the names of a source's series. */
export async function renderAgentMetrics(
  sources: readonly SourceKind[],
  namesOf: (kind: SourceKind) => Promise<readonly string[]>,
): Promise<string> {
  const rows = await Promise.all(
    sources.map(async (kind) => sourceRow(kind, GIVEN[kind.name] ?? (await namesOf(kind)))),
  );
  return [
    HEAD,
    "## Sources\n",
    "| source | what | metrics |\n|---|---|---|",
    ...rows,
    "",
    SETTINGS,
    "| source | option | is |\n|---|---|---|",
    ...sources.flatMap(optionRows),
    "",
    FAULTS,
    SCRAPE,
    "## What node_exporter has and the agent has not\n",
    "| metrics | why not |\n|---|---|",
    ...ABSENT.map(({ metrics, reason }) => `| ${metrics.split(" ").map(code).join(" ")} | ${cell(reason)} |`),
    "",
    ...Object.entries(DIFFERENT).map(([name, how]) => `${code(name)} is another: ${how}.\n`),
    "`node_scrape_collector_success` has no 0 for collectors that find nothing here.\n",
  ].join("\n");
}

function sourceRow({ name, describes, isOn, intervalMs }: SourceKind, names: readonly string[]): string {
  const interval = intervalMs === undefined ? "" : `, every ${intervalMs / 60_000} min`;
  return `| ${code(name)}${isOn ? "" : ", opt-in"}${interval} | ${cell(describes)} | ${summary(names)} |`;
}

/** Long lists by what they begin with. */
function summary(names: readonly string[]): string {
  if (names.length <= 10) return names.map((name) => (name.includes(" ") ? name : code(name))).join(" ");
  return `${code(`${commonPrefix(names)}*`)}`;
}

function commonPrefix(names: readonly string[]): string {
  const [first = "", ...others] = names;
  let length = first.length;
  while (!others.every((name) => name.startsWith(first.slice(0, length)))) length -= 1;
  return first.slice(0, length).replace(/[^_]*$/, "");
}

function optionRows({ name, options }: SourceKind): string[] {
  return Object.entries(options).map(
    ([option, { describes, fallback, shown }]) =>
      `| ${code(name)} | ${code(option)} | ${cell(describes)}${shownFallback(shown ?? fallback)} |`,
  );
}

function shownFallback(fallback: unknown): string {
  if (fallback instanceof RegExp) {
    const isAnything = ["(?:)", "(?!)"].includes(fallback.source);
    return isAnything ? "" : ` (${code(cell(fallback.source))})`;
  }
  return typeof fallback === "object" ? "" : ` (${code(String(fallback))})`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
