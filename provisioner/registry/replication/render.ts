import { type Gauge, lagSeconds, renderGauges, type Sample } from "../../gauges.ts";
import { renderTable } from "../../table.ts";
import type { SyncStatus } from "./journal.ts";
import type { SyncReport, TagOutcome } from "./synchronize.ts";

/** What a run has done or would do, and what it left alone: a line each. */
export function renderReport({ rule, counts, outcomes }: SyncReport, isDryRun: boolean): string {
  const lines = outcomes.map(
    ({ repository, tag, ...outcome }) =>
      `${rule}: ${repository}${tag === "" ? "" : `:${tag}`} ${say(outcome, isDryRun)}\n`,
  );
  const { same, copied, deleted, ahead, diverged, refused, failed, behind, bytes } = counts;
  const done = isDryRun
    ? `${behind} to copy or delete`
    : `${copied} copied (${bytes} bytes), ${deleted} deleted`;
  const left = Object.entries({ ahead, diverged, refused, failed }).map(
    ([name, n]) => n > 0 && `${n} ${name}`,
  );
  return `${lines.join("")}${rule}: ${[`${same} as they were`, done, ...left.filter(Boolean)].join(", ")}\n`;
}

function say(
  { action, source, destination, failure, refused }: Omit<TagOutcome, "repository" | "tag">,
  isDryRun: boolean,
): string {
  if (failure !== undefined) return `failed: ${failure}`;
  if (refused !== undefined) return `left alone, refused by the policy: ${refused.join("; ")}`;
  const both = `${short(source)} at the source, ${short(destination)} at the destination`;
  if (action === "ahead") return `left alone, changed at the destination alone: ${both}`;
  if (action === "diverged") return `left alone, diverged: ${both}`;
  if (action === "delete") return isDryRun ? "to be deleted" : "deleted";
  return `${isDryRun ? "to be copied" : "copied"}, ${short(source)}${destination === undefined ? "" : ` in place of ${short(destination)}`}`;
}

function short(digest: string | undefined): string {
  return digest === undefined ? "nothing" : digest.slice(0, "sha256:".length + 12);
}

/** A rule, and how its last run went; undefined when it has never run. */
export type RuleStatus = { readonly rule: string; readonly status: SyncStatus | undefined };

export function renderStatus(rules: readonly RuleStatus[]): string {
  const titles = [
    "RULE",
    "LAST RUN",
    "CURRENT AT",
    "SAME",
    "COPIED",
    "BEHIND",
    "DIVERGED",
    "REFUSED",
    "FAILED",
  ];
  const time = (ms: number | undefined, otherwise: string): string =>
    ms === undefined || ms === 0 ? otherwise : new Date(ms).toISOString();
  const rows = rules.map(({ rule, status }) => {
    if (status === undefined) return [rule, "never", "never", "-", "-", "-", "-", "-", "-"];
    const { same, copied, behind, diverged, refused, failed, endedMs, currentMs } = status;
    const counts = [same, copied, behind, diverged, refused, failed].map(String);
    return [rule, time(endedMs, "not ended"), time(currentMs, "never"), ...counts];
  });
  return renderTable(titles, rows);
}

const FAMILIES: readonly (readonly [
  name: string,
  help: string,
  read: (status: SyncStatus, nowMs: number) => number,
])[] = [
  [
    "lag_seconds",
    "Since the beginning of the last run that left nothing to do.",
    ({ currentMs }, nowMs) => lagSeconds(currentMs, nowMs),
  ],
  ["last_run_start_seconds", "When the last run began.", ({ startedMs }) => startedMs / 1000],
  [
    "last_run_ended",
    "1 when the last run has come to its end.",
    ({ endedMs }) => (endedMs === undefined ? 0 : 1),
  ],
  ["bytes", "Sent by the last run.", ({ bytes }) => bytes],
];
const STATES = ["same", "copied", "behind", "deleted", "ahead", "diverged", "refused", "failed"] as const;

export function renderMetrics(rules: readonly RuleStatus[], nowMs: number): string {
  const known = rules.flatMap(({ rule, status }) => (status === undefined ? [] : [{ rule, status }]));
  const plain = FAMILIES.map(
    ([name, help, read]): Gauge => [
      name,
      help,
      known.map(({ rule, status }): Sample => [{ rule }, read(status, nowMs)]),
    ],
  );
  const tags = known.flatMap(({ rule, status }) =>
    STATES.map((state): Sample => [{ rule, state }, status[state]]),
  );
  return renderGauges("plimsoll_registry_sync_", [
    ...plain,
    ["tags", "Tags by what the last run found or did.", tags],
  ]);
}
