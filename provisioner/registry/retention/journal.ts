/*
 * registry-retention/builds   {"endedMs":1700000000000,"removed":3,"kept":1,"failed":0,"ageless":2,"manifests":5,"bytes":91}
 *
 * What the last run of each rule under `retention:` has come to.
 */
import { type Gauge, renderGauges, type Sample } from "../../gauges.ts";
import { Fields } from "../../store/documents.ts";
import type { Store } from "../../store/types.ts";
import { renderTable } from "../../table.ts";
import type { RetentionReport } from "./retain.ts";

const PREFIX = "registry-retention/";
const STATES = ["removed", "kept", "failed", "ageless"] as const;
const COUNTS = ["removed", "kept", "failed", "ageless", "manifests", "bytes"] as const;

export type RetentionStatus = { readonly rule: string; readonly endedMs: number } & Readonly<
  Record<(typeof COUNTS)[number], number>
>;

export async function writeRetention(
  store: Store,
  { rule, outcomes, ageless, manifests, bytes }: RetentionReport,
  endedMs: number,
): Promise<void> {
  const count = (action: string): number => outcomes.filter((each) => each.action === action).length;
  const tags = { removed: count("removed"), kept: count("kept"), failed: count("failed") };
  const value = { endedMs, ...tags, ageless: ageless.length, manifests, bytes };
  await store.transact({ expect: [], put: [{ key: PREFIX + rule, value }] });
}

/** Of these rules, those that have run. */
export async function readRetentions(
  store: Store,
  rules: readonly { readonly name: string }[],
): Promise<readonly RetentionStatus[]> {
  const entries = await Promise.all(rules.map(({ name }) => store.get(PREFIX + name)));
  return entries.flatMap((entry) => {
    if (entry === undefined) return [];
    const fields = new Fields(store, entry);
    const counts = Object.fromEntries(COUNTS.map((name) => [name, fields.integer(name, 0)]));
    const rule = entry.key.slice(PREFIX.length);
    return [{ rule, endedMs: fields.integer("endedMs", 0), ...counts } as RetentionStatus];
  });
}

export function renderRetentions(statuses: readonly RetentionStatus[]): string {
  const rows = statuses.map(({ rule, endedMs, ...counts }) => [
    ...[rule, new Date(endedMs).toISOString()],
    ...COUNTS.map((name) => String(counts[name])),
  ]);
  const titles = ["RETENTION", "LAST RUN", "REMOVED", "KEPT", "FAILED", "AGELESS", "MANIFESTS", "BYTES"];
  return renderTable(titles, rows);
}

export function renderRetentionMetrics(statuses: readonly RetentionStatus[]): string {
  if (statuses.length === 0) return "";
  const of = (read: (status: RetentionStatus) => number): readonly Sample[] =>
    statuses.map((status): Sample => [{ rule: status.rule }, read(status)]);
  const tags = statuses.flatMap((status) =>
    STATES.map((state): Sample => [{ rule: status.rule, state }, status[state]]),
  );
  const gauges: readonly Gauge[] = [
    ["last_run_end_seconds", "When a rule was applied last.", of(({ endedMs }) => endedMs / 1000)],
    ["tags", "Tags past what a rule keeps, by what became of them; ageless: of unknown age, and kept.", tags],
    ["removed_manifests", "Manifests that it removed.", of(({ manifests }) => manifests)],
    ["removed_bytes", "Of blobs that nothing else in their repositories needs.", of(({ bytes }) => bytes)],
  ];
  return renderGauges("plimsoll_registry_retention_", gauges);
}
