import { statSync } from "node:fs";
import type { Clock } from "../../core/runtime/clock.ts";
import { packageVersion } from "../../core/runtime/version.ts";
import type { Data } from "../data.ts";
import type { Forwarding } from "../forwarding.ts";
import type { Intake } from "../intake.ts";
import type { LatestStore } from "../latest.ts";
import type { LifecycleView } from "../lifecycle/lifecycle.ts";
import type { MachineState } from "../lifecycle/state.ts";
import type { Peers } from "../peers/peers.ts";
import type { RequestCounts } from "../routes/ingest.ts";
import type { RememberingLog } from "./last-problem.ts";
import { PACE_STEP_MS, Pace } from "./pace.ts";

/** What `GET /api/v1/status` says; times are ISO 8601, `null` is none. */
export interface CollectorStatus {
  readonly version: string;
  readonly pid: number;
  readonly since: string;
  readonly uptimeSeconds: number;
  readonly machines: {
    readonly known: number;
    readonly states: Readonly<Partial<Record<MachineState, number>>>;
  };
  readonly series: number;
  readonly pushes: PushStatus;
  readonly sinks: readonly SinkStatus[];
  readonly store: StoreStatus | null;
  /** Of those that sinks have refused for good; null where nothing is kept of them. */
  readonly deadLetterBytes: number | null;
  /** Engines, provisioners and other collectors. */
  readonly followed: readonly { readonly name: string; readonly isConnected: boolean }[];
  readonly lastProblem: { readonly at: string; readonly text: string } | null;
}

interface PushStatus {
  /** Over the last minute. */
  readonly perSecond: number;
  readonly samplesPerSecond: number;
  readonly taken: number;
  readonly samples: number;
  /** Requests by why they were refused. */
  readonly refused: Readonly<Record<string, number>>;
}

interface SinkStatus {
  readonly name: string;
  /** Since when, in seconds, every delivery has failed; null while all is well. */
  readonly failingSeconds: number | null;
  readonly reason: string | null;
  /** How old the oldest sample is that waits. */
  readonly lagSeconds: number;
  readonly queueBytes: number;
  readonly delivered: number;
  readonly refused: number;
  readonly retries: number;
  /** Lost before they could be delivered: expired, or the queue was full. */
  readonly dropped: number;
}

interface StoreStatus {
  readonly directory: string;
  readonly bytes: number;
  readonly samples: number;
  readonly quarantinedBlocks: number;
  readonly failedWrites: number;
}

export interface StatusSubjects {
  readonly intake: Pick<Intake, "samples">;
  readonly requests: RequestCounts;
  readonly latest: Pick<LatestStore, "seriesCount">;
  readonly data: Pick<Data, "directory" | "deadLetters" | "inventory" | "archive" | "blocks" | "commits">;
  readonly lifecycle: LifecycleView;
  readonly peers: Pick<Peers, "peers">;
  readonly forwardings: readonly Forwarding[];
  readonly lastProblem: RememberingLog["last"];
  readonly clock: Clock;
}

/** What a request was refused for, by its answer. */
const REASONS: Readonly<Record<number, string>> = {
  400: "malformed, or left out in part",
  403: "may not speak for the machine",
  409: "has a successor",
  413: "too large",
  415: "type or encoding",
  429: "more than one client may bring",
  503: "nothing can be kept",
};

export interface StatusReader {
  read(): CollectorStatus;
  close(): void;
}

/** Looks at the objects when it is asked, and at how fast they count every ten seconds. */
export function openStatus(subjects: StatusSubjects): StatusReader {
  const { clock, intake, requests } = subjects;
  const startMs = clock.monotonicMs();
  const paces = {
    pushes: new Pace(() => countTaken(requests), startMs),
    samples: new Pace(() => intake.samples, startMs),
  };
  const timer = setInterval(() => {
    for (const pace of Object.values(paces)) pace.note(clock.monotonicMs());
  }, PACE_STEP_MS);
  timer.unref();
  return {
    read: () => readStatus(subjects, paces, startMs),
    close: () => clearInterval(timer),
  };
}

function readStatus(
  subjects: StatusSubjects,
  paces: { readonly pushes: Pace; readonly samples: Pace },
  startMs: number,
): CollectorStatus {
  const { intake, requests, latest, data, lifecycle, peers, forwardings, lastProblem, clock } = subjects;
  const nowMs = clock.monotonicMs();
  const problem = lastProblem();
  return {
    ...{ version: packageVersion(), pid: process.pid },
    since: iso(clock.nowMs() - (nowMs - startMs)),
    uptimeSeconds: Math.round((nowMs - startMs) / 1000),
    machines: countMachines(data, lifecycle),
    series: latest.seriesCount,
    pushes: {
      perSecond: rounded(paces.pushes.perSecond(nowMs)),
      samplesPerSecond: rounded(paces.samples.perSecond(nowMs)),
      ...{ taken: countTaken(requests), samples: intake.samples, refused: countRefused(requests) },
    },
    sinks: forwardings.map((one) => readSink(one, clock)),
    store: readStore(data),
    deadLetterBytes:
      data.deadLetters === undefined ? null : bytesOf(data.deadLetters) + bytesOf(`${data.deadLetters}.1`),
    followed: [...lifecycle.followers, ...lifecycle.provisioners, ...peers.peers].map(
      ({ name, isConnected }) => ({ name, isConnected }),
    ),
    lastProblem: problem === undefined ? null : { at: iso(problem.atMs), text: problem.text },
  };
}

function countMachines(
  { inventory }: Pick<Data, "inventory">,
  { watch }: Pick<LifecycleView, "watch">,
): CollectorStatus["machines"] {
  const states: Partial<Record<MachineState, number>> = {};
  let known = 0;
  for (const history of inventory.machines()) {
    const state = watch.state(history);
    states[state] = (states[state] ?? 0) + 1;
    known++;
  }
  return { known, states };
}

function countTaken(requests: RequestCounts): number {
  return sum([...requests.values()].filter(({ status }) => status < 300).map(({ count }) => count));
}

function countRefused(requests: RequestCounts): Readonly<Record<string, number>> {
  const refused: Record<string, number> = {};
  for (const { status, count } of requests.values()) {
    if (status < 300) continue;
    const reason = REASONS[status] ?? `answer ${status}`;
    refused[reason] = (refused[reason] ?? 0) + count;
  }
  return refused;
}

function readSink(forwarding: Forwarding, clock: Clock): SinkStatus {
  const { name, failing, counts, spool, waitingSinceMs } = forwarding;
  const seconds = (sinceMs: number, nowMs: number): number =>
    Math.max(0, Math.round((nowMs - sinceMs) / 1000));
  return {
    name,
    failingSeconds: failing === undefined ? null : seconds(failing.sinceMs, clock.monotonicMs()),
    reason: failing?.reason ?? null,
    lagSeconds: waitingSinceMs === undefined ? 0 : seconds(waitingSinceMs, clock.nowMs()),
    queueBytes: spool.bytes,
    ...counts,
    dropped: sum(Object.values(spool.dropped)),
  };
}

function readStore({ directory, archive, blocks, commits }: StatusSubjects["data"]): StoreStatus | null {
  if (directory === undefined) return null;
  const files = ["history.db", "history.db-wal"].map((name) => bytesOf(`${directory}/${name}`));
  return {
    directory,
    bytes: sum(files),
    samples: archive?.counts.stored ?? 0,
    quarantinedBlocks: blocks.quarantined,
    failedWrites: commits.failures,
  };
}

function bytesOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
