import { type Gauge, renderGauges, type Sample } from "../../gauges.ts";
import { renderTable } from "../../table.ts";
import { renderAddress } from "./address.ts";
import type { ServerSpec } from "./declaration.ts";
import { takesConnections } from "./running.ts";
import type { Collected, ReplicaState, ServerDocuments } from "./window.ts";

/** A replica as it last said of itself, and as it is found. */
export interface ReplicaStatus {
  readonly replica: string;
  readonly address: string;
  /** `unknown`: it has never said anything to this store. */
  readonly state: ReplicaState["state"] | "unknown";
  readonly sinceMs: number | undefined;
  /** Whether it takes connections now. */
  readonly answers: boolean;
  /** Why nothing can be pushed to it all the same. */
  readonly problem?: string | undefined;
}

async function readReplicas(
  { replicas }: ServerSpec,
  documents: ServerDocuments,
): Promise<readonly ReplicaStatus[]> {
  const told = await documents.readReplicas();
  return Promise.all(
    replicas.map(async (replica) => {
      const { state = "unknown", sinceMs, problem } = told.get(replica.name) ?? {};
      const answers = await takesConnections(replica);
      const about = { replica: replica.name, address: renderAddress(replica) };
      return { ...about, state, sinceMs, answers, problem } as const;
    }),
  );
}

export interface ServerStatus {
  readonly replicas: readonly ReplicaStatus[];
  /** Undefined where it never was. */
  readonly collected: Collected | undefined;
}

export async function readServerStatus(spec: ServerSpec, documents: ServerDocuments): Promise<ServerStatus> {
  return { replicas: await readReplicas(spec, documents), collected: await documents.readCollected() };
}

export function renderReplicas(replicas: readonly ReplicaStatus[]): string {
  const rows = replicas.map(({ replica, address, state, sinceMs, answers }) => {
    const since = sinceMs === undefined ? "-" : new Date(sinceMs).toISOString();
    return [replica, address, state, since, answers ? "yes" : "no"];
  });
  const problems = replicas.flatMap(({ replica, problem }) =>
    problem === undefined ? [] : [`${replica}: nothing can be pushed: ${problem}\n`],
  );
  return renderTable(["REPLICA", "ADDRESS", "STATE", "SINCE", "ANSWERS"], rows) + problems.join("");
}

const STATES = ["writable", "read-only", "starting", "down", "unknown"] as const;

/** Nothing where there is no registry of ours, nor of garbage where none was collected yet. */
export function renderServerMetrics(status: ServerStatus | undefined): string {
  if (status === undefined) return "";
  const { replicas, collected } = status;
  const states = replicas.flatMap(({ replica, state }) =>
    STATES.map((each): Sample => [{ replica, state: each }, Number(state === each)]),
  );
  const answers = replicas.map((each): Sample => [{ replica: each.replica }, Number(each.answers)]);
  const troubled = replicas.map(
    (each): Sample => [{ replica: each.replica }, Number(each.problem !== undefined)],
  );
  return renderGauges("plimsoll_registry_", [
    ["replica_state", "1 for what a replica last said of itself.", states],
    ["replica_answers", "1 where a replica takes connections.", answers],
    ["replica_policy_problem", "1 where nothing can be pushed for want of a policy to follow.", troubled],
    ...(collected === undefined ? [] : gaugesOfGarbage(collected)),
  ]);
}

function gaugesOfGarbage({ endedMs, marked, blobs, bytes, untagged }: Collected): readonly Gauge[] {
  const one = (name: string, help: string, value: number): Gauge => [`gc_${name}`, help, [[{}, value]]];
  return [
    one("last_run_end_seconds", "When the last garbage collection was done.", endedMs / 1000),
    one("needed_blobs", "Blobs that it found needed.", marked),
    one("freed_blobs", "Blobs that it freed.", blobs),
    ...(bytes === undefined ? [] : [one("freed_bytes", "Bytes that it freed.", bytes)]),
    one("removed_manifests", "Manifests without a tag that it removed first.", untagged),
  ];
}
