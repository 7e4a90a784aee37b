import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { exec } from "../../../core/runtime/exec.ts";
import { hasCommand, testIf } from "../../support/host.ts";
import { ROOT } from "../repository/source-tree.ts";

const PLATFORM = join(ROOT, "collector/platform");
const read = (path: string): string => readFileSync(join(PLATFORM, path), "utf8");
const hasPromtool = hasCommand("promtool");

interface Target {
  readonly expr: string;
}
interface Panel {
  readonly id: number;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly Target[];
}
interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly Target[] };
}

const dashboards = readdirSync(join(PLATFORM, "grafana"))
  .filter((name) => name.endsWith(".json"))
  .map((name): Dashboard => JSON.parse(read(`grafana/${name}`)));

/** What our programs say of themselves and of machines: the agent's golden pages, the collector's names, the rules' own. */
function knownNames(): ReadonlySet<string> {
  const golden = join(ROOT, "test/golden/agent");
  const pages = readdirSync(golden).map((name) => readFileSync(join(golden, name), "utf8"));
  const agents = pages.flatMap((page) => [...page.matchAll(/^# TYPE (\S+)/gm)].map(([, name = ""]) => name));
  const source = (path: string): string => readFileSync(join(ROOT, path), "utf8");
  const own = [...source("collector/telemetry.ts").matchAll(/"([a-z_]+)",\s*(?:help|late|"[A-Z])/g)];
  const machine = ["collector/lifecycle/lifecycle.ts"].flatMap((path) => [
    ...source(path).matchAll(/"(plimsoll_\w+)"/g),
  ]);
  const recorded = [...read("prometheus/plimsoll-rules.yml").matchAll(/record: (\S+)/g)];
  return new Set([
    ...agents,
    ...own.map(([, name = ""]) => `plimsoll_collector_${name}`),
    ...[...machine, ...recorded].map(([, name = ""]) => name),
  ]);
}

function metricNames(expr: string): readonly string[] {
  return expr.match(/\b(?:node|plimsoll|instance)[a-z_0-9:]*(?:_[A-Za-z]\w*|:\w+)+/g) ?? [];
}

function expressionsOf({ panels, annotations }: Dashboard): readonly string[] {
  return [...panels.flatMap(({ targets }) => targets), ...annotations.list].map(({ expr }) => expr);
}

test("dashboards: ids of their own, panels side by side, metrics that there are", () => {
  expect(dashboards.map(({ uid }) => uid).sort()).toEqual(["plimsoll-fleet", "plimsoll-machine"]);
  const known = knownNames();
  for (const dashboard of dashboards) {
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)} ${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size, dashboard.title).toBe(cells.length);
    expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
    const unknown = expressionsOf(dashboard)
      .flatMap(metricNames)
      .filter((name) => !known.has(name));
    expect(unknown).toEqual([]);
  }
});

test("rules use metrics that there are", () => {
  const { groups } = parse(read("prometheus/plimsoll-rules.yml")) as { groups: { rules: Target[] }[] };
  const known = knownNames();
  const names = groups.flatMap(({ rules }) => rules.flatMap(({ expr }) => metricNames(expr)));
  expect(names.length).toBeGreaterThan(20);
  expect(names.filter((name) => !known.has(name))).toEqual([]);
});

testIf(hasPromtool)(
  "promtool: rules and their own tests, the configuration, what dashboards ask",
  async () => {
    const folder = join(PLATFORM, "prometheus");
    await exec(["promtool", "check", "rules", join(folder, "plimsoll-rules.yml")]);
    await exec(["promtool", "test", "rules", join(folder, "plimsoll-rules.test.yml")]);
    await exec(["promtool", "check", "config", join(folder, "prometheus.yml")]);
    const rules = dashboards.flatMap(expressionsOf).map((expr, i) => ({
      record: `panel_${i}`,
      expr: expr.replaceAll("$__rate_interval", "5m").replaceAll("$instance", "10.0.0.7"),
    }));
    const temporary = mkdtempSync(join(tmpdir(), "plimsoll-"));
    try {
      writeFileSync(join(temporary, "panels.yml"), JSON.stringify({ groups: [{ name: "panels", rules }] }));
      await exec(["promtool", "check", "rules", join(temporary, "panels.yml")]);
    } finally {
      rmSync(temporary, { recursive: true });
    }
  },
);

testIf(hasCommand("amtool"))("amtool: the example for Alertmanager", async () => {
  const { stdout } = await exec(["amtool", "check-config", join(PLATFORM, "alertmanager/alertmanager.yml")]);
  expect(stdout).toContain("SUCCESS");
});

test("Open-Falcon's strategies are about values that its own agent has", () => {
  const { strategies, nodata } = JSON.parse(read("open-falcon/template.json")) as {
    strategies: Record<string, unknown>[];
    nodata: Record<string, unknown>[];
  };
  const names = readFileSync(join(ROOT, "core/metrics/open-falcon-names.ts"), "utf8");
  for (const strategy of strategies) {
    const { metric, func, op, right_value, priority, max_step } = strategy;
    const parts = String(metric).split(".");
    expect(parts.every((part) => names.includes(part)) || parts[0] === "TcpExt", String(metric)).toBe(true);
    expect(String(func)).toMatch(/^(all|max|min|avg|sum|diff|pdiff)\(#\d+\)$/);
    expect(["==", "!=", "<", "<=", ">", ">="]).toContain(op);
    expect([
      Number.isFinite(Number(right_value)),
      Number.isInteger(priority),
      Number.isInteger(max_step),
    ]).toEqual([...[true, true, true]]);
  }
  expect(nodata).toMatchObject([{ metric: "agent.alive", dstype: "GAUGE", mock: -1 }]);
});

test("Zabbix' items are what the agent pushes, under ids that it takes", () => {
  interface Item {
    readonly uuid: string;
    readonly key: string;
    readonly type: string;
    readonly triggers?: readonly { readonly uuid: string; readonly expression: string }[];
  }
  const { zabbix_export: document } = parse(read("zabbix/template-plimsoll.yaml")) as {
    zabbix_export: { version: string; templates: { uuid: string; template: string; items: Item[] }[] };
  };
  const [template, ...others] = document.templates;
  expect([document.version, others]).toEqual(["6.0", []]);
  const items = template?.items ?? [];
  const triggers = items.flatMap((item) => item.triggers ?? []);
  const ids = [template, ...items, ...triggers].map((one) => one?.uuid ?? "");
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
  expect(new Set(ids).size).toBe(ids.length);
  const pushed = readFileSync(join(ROOT, "core/metrics/zabbix.ts"), "utf8");
  const known = knownNames();
  for (const { key, type } of items) {
    const stem = key.replace(/\[.*/, "");
    expect(type).toBe("TRAP");
    expect(known.has(key) || pushed.includes(`"${key}"`) || pushed.includes(`${stem}[`), key).toBe(true);
  }
  for (const { expression } of triggers) {
    const used = [...expression.matchAll(/\/Plimsoll machine\/([^,)]*\[[^\]]*\]|[^,)]*)/g)].map(
      ([, key]) => key,
    );
    expect(used.length).toBeGreaterThan(0);
    for (const key of used) expect(items.map((item) => item.key)).toContain(key);
  }
});
