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
}

async function readReplicas(
  { replicas }: ServerSpec,
  documents: ServerDocuments,
): Promise<readonly ReplicaStatus[]> {
  const told = await documents.readReplicas();
  return Promise.all(
    replicas.map(async (replica) => {
      const { state = "unknown", sinceMs } = told.get(replica.name) ?? {};
      const answers = await takesConnections(replica);
      return { replica: replica.name, address: renderAddress(replica), state, sinceMs, answers } as const;
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
  return renderTable(["REPLICA", "ADDRESS", "STATE", "SINCE", "ANSWERS"], rows);
}

const STATES = ["writable", "read-only", "starting", "down", "unknown"] as const;

/** Prometheus' text format; nothing where there is no registry of ours, nor of garbage where none was collected yet. */
export function renderServerMetrics(status: ServerStatus | undefined): string {
  if (status === undefined) return "";
  const { replicas, collected } = status;
  const family = (name: string, help: string, samples: readonly (readonly [string, number])[]): string =>
    [
      `# HELP plimsoll_registry_${name} ${help}`,
      `# TYPE plimsoll_registry_${name} gauge`,
      ...samples.map(([labels, value]) => `plimsoll_registry_${name}${labels} ${value}`),
    ]
      .map((line) => `${line}\n`)
      .join("");
  const states = replicas.flatMap(({ replica, state }) =>
    STATES.map((each) => [`{replica="${replica}",state="${each}"}`, Number(state === each)] as const),
  );
  const answers = replicas.map((each) => [`{replica="${each.replica}"}`, Number(each.answers)] as const);
  const told = [
    family("replica_state", "1 for what a replica last said of itself.", states),
    family("replica_answers", "1 where a replica takes connections.", answers),
  ];
  if (collected === undefined) return told.join("");
  const { endedMs, marked, blobs, bytes, untagged } = collected;
  const one = (name: string, help: string, value: number): string =>
    family(`gc_${name}`, help, [["", value]]);
  return [
    ...told,
    one("last_run_end_seconds", "When the last garbage collection was done.", endedMs / 1000),
    one("needed_blobs", "Blobs that it found needed.", marked),
    one("freed_blobs", "Blobs that it freed.", blobs),
    ...(bytes === undefined ? [] : [one("freed_bytes", "Bytes that it freed.", bytes)]),
    one("removed_manifests", "Manifests without a tag that it removed first.", untagged),
  ].join("");
}
