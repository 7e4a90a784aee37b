import { openSinks } from "./open-sinks.ts";
import type { AgentOptions } from "./options.ts";
import { requireWork } from "./run.ts";

/** What `run` would do with these options, one line each. */
export async function checkConfig(options: AgentOptions): Promise<string> {
  requireWork(options);
  const {
    configFile = "none",
    hasFacts,
    intervalMs,
    ip = "from the identity file or the default route",
    labels,
    limits,
    listen,
    scrapes,
    sources,
    spool,
    strangers,
  } = options;
  const pushes = (await openSinks(options)).map(({ name }) => name);
  const rows = [
    ["configuration", configFile],
    ...pushes.map((name) => ["push", name]),
    [
      "spool",
      `${spool.directory ?? "in memory"}, ${spool.maxBytes / 2 ** 20} MiB, ${spool.maxAgeMs / 3_600_000} h each`,
    ],
    ...(listen === undefined ? [] : [["listen", `${listen.host}:${listen.port}`]]),
    ["limits", `${limits.cpuShare * 100} % of a CPU, ${limits.memoryBytes / 2 ** 20} MiB`],
    ["interval", `${intervalMs / 1000}s`],
    ["sources", sources.map(({ kind }) => kind.name).join(" ")],
    ["facts", hasFacts ? "daily" : "never"],
    ...scrapes.map(({ job, url }) => ["scrape", `${job} ${url.origin}${url.pathname}`]),
    ["ip", ip],
    ...Object.entries(labels).map(([name, value]) => ["label", `${name}=${value}`]),
    ...strangers.map((variable) => ["ignored", `${variable}, which is not an option`]),
  ];
  return `${rows.map(([name = "", value]) => `${name.padEnd(14)}${value}`).join("\n")}\n`;
}
